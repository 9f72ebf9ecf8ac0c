import { presetNames } from '@twocan/vit';
import { command } from '../args/command.ts';
import { BACKEND_FLAGS, machineOf } from '../args/machine.ts';
import { choiceOr, numberOr } from '../args/words.ts';

/** `twocan bench`: how long a training step takes on a backend, beside simd. */
export const bench = command(
  {
    name: 'bench',
    description: 'Time training steps on a backend, in turns with simd',
    flags: {
      preset: {
        type: 'string',
        valueHint: 'NAME',
        description: `${presetNames.join(', ')}; default tiny32`,
      },
      batch: { type: 'string', valueHint: 'N', description: 'Images a step; default 64' },
      steps: { type: 'string', valueHint: 'N', description: 'Steps that are timed; default 5' },
      ...BACKEND_FLAGS,
    },
    examples: ['twocan bench --backend webgpu', 'twocan bench --preset micro32 --batch 8'],
  },
  async (words) => {
    const preset = choiceOr(words, 'preset', presetNames, 'tiny32');
    const whole = { min: 1, whole: true };
    const { benchmark } = await import('../bench/benchmark.ts');
    const lines = await benchmark({
      machine: machineOf(words),
      preset,
      // A contrast needs two images.
      batch: numberOr(words, 'batch', 64, { min: 2, whole: true }),
      rounds: numberOr(words, 'steps', 5, whole),
    });
    console.log(lines.join('\n'));
    return undefined;
  },
);
