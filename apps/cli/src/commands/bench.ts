import { choice, setting, whole } from '@twocan/pretrain/settings';
import { presetNames } from '@twocan/vit';
import { command } from '../args/command.ts';
import { BACKEND } from '../args/machine.ts';

/** `twocan bench`: how long a training step takes on a backend, against simd. */
export const bench = command(
  {
    settings: {
      preset: setting(choice(presetNames), {
        default: 'tiny32',
        text: 'Sizes of encoder and decoder',
      }),
      // A contrast needs two images.
      batch: setting(whole({ min: 2 }), { text: 'Images a step', default: 64 }),
      steps: setting(whole({ min: 1 }), { text: 'Steps that are timed', default: 5 }),
      ...BACKEND,
    },
    examples: ['twocan bench --backend webgpu', 'twocan bench --preset micro32 --batch 8'],
  },
  async (values) => {
    const { benchmark } = await import('../bench/benchmark.ts');
    const lines = await benchmark({ ...values, rounds: values.steps });
    console.log(lines.join('\n'));
    return undefined;
  },
);
