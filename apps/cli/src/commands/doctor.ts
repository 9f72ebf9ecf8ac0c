import { type ArgsDef, defineCommand } from 'citty';
import { refuseUnknown } from '../known-options.ts';
import type { Words } from '../options.ts';

const args: ArgsDef = { debug: { type: 'boolean', description: 'Print stack traces' } };

/** `twocan doctor`: what this machine offers, and what would make it faster. */
export const doctor = defineCommand({
  meta: { name: 'doctor', description: 'Say which backends load here, and what would be faster' },
  args,
  async run({ args: parsed }) {
    refuseUnknown(args, parsed as Words);
    const { examine } = await import('../examining.ts');
    console.log((await examine()).join('\n'));
  },
});
