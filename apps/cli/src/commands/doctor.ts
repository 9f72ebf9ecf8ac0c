import { command } from '../args/command.ts';

/** `twocan doctor`: what this machine offers, and what would make it faster. */
export const doctor = command(
  {
    settings: {},
    examples: ['twocan doctor'],
  },
  async () => {
    const { examine } = await import('../doctor/examining.ts');
    console.log((await examine()).join('\n'));
    return undefined;
  },
);
