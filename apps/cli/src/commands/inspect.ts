import { command } from '../args/command.ts';
import { usageError } from '../terminal/failure.ts';

/** `twocan inspect`: what is in a run folder or a checkpoint. */
export const inspect = command(
  {
    name: 'inspect',
    description: 'Say what is in a run folder or a checkpoint file',
    flags: {
      path: { type: 'positional', description: 'RUN|FILE' },
      json: { type: 'boolean', description: 'Print JSON' },
    },
    examples: ['twocan inspect runs/photos'],
  },
  async ({ path, ...words }) => {
    if (typeof path !== 'string' || path === '') {
      throw usageError('inspect needs a run folder or a checkpoint file: twocan inspect RUN');
    }
    const { inspectModel } = await import('../run/inspecting.ts');
    await inspectModel(path, words.json === true);
    return undefined;
  },
);
