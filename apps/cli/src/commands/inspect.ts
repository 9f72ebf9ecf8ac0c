import { type ArgsDef, defineCommand } from 'citty';
import { usageError } from '../failure.ts';
import { refuseUnknown } from '../known-options.ts';
import type { Words } from '../options.ts';

const args: ArgsDef = {
  json: { type: 'boolean', description: 'Print JSON' },
  debug: { type: 'boolean', description: 'Print stack traces' },
};

const withPath: ArgsDef = {
  ...args,
  path: { type: 'positional', required: false, description: 'RUN or FILE' },
};

/** `twocan inspect`: what is in a run folder or a checkpoint. */
export const inspect = defineCommand({
  meta: { name: 'inspect', description: 'Say what is in a run folder or a checkpoint file' },
  args: withPath,
  async run({ args: parsed }) {
    const { path, ...words } = parsed as Words;
    refuseUnknown(args, words, true);
    if (typeof path !== 'string' || path === '') {
      throw usageError('inspect needs a run folder or a checkpoint file: twocan inspect RUN');
    }
    const { inspectModel } = await import('../inspecting.ts');
    await inspectModel(path, words.json === true);
  },
});
