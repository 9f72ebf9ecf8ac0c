import { flag, setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';

/** `twocan inspect`: what is in a run folder or a checkpoint. */
export const inspect = command(
  {
    settings: {
      model: setting(text, {
        positional: true,
        hint: 'RUN|FILE',
        needed: true,
        text: 'A run folder or a checkpoint file',
      }),
      json: setting(flag, { text: 'Print JSON', default: false }),
    },
    examples: ['twocan inspect runs/photos'],
  },
  async ({ model, json }) => {
    const { inspectModel } = await import('../run/inspecting.ts');
    await inspectModel(model, json);
    return undefined;
  },
);
