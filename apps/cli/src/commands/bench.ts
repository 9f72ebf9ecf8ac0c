import { presetNames } from '@twocan/vit';
import { command } from '../command.ts';
import { usageError } from '../failure.ts';
import { hint } from '../nearest-name.ts';
import { BACKENDS } from '../settings.ts';
import { numberOr } from '../words.ts';

/** `twocan bench`: how long a training step takes on a backend, beside simd. */
export const bench = command(
  {
    name: 'bench',
    description: 'Time training steps on a backend, in turns with simd',
    flags: {
      backend: {
        type: 'string',
        valueHint: BACKENDS.join('|'),
        description: 'What computes; default auto, the first that loads',
      },
      preset: {
        type: 'string',
        valueHint: 'NAME',
        description: `${presetNames.join(', ')}; default tiny32`,
      },
      batch: { type: 'string', valueHint: 'N', description: 'Images a step; default 64' },
      steps: { type: 'string', valueHint: 'N', description: 'Steps that are timed; default 5' },
      threads: { type: 'string', valueHint: 'N', description: 'Threads of simd; default all' },
    },
    examples: ['twocan bench --backend webgpu', 'twocan bench --preset micro32 --batch 8'],
  },
  async (words) => {
    const given = words.preset ?? 'tiny32';
    const preset = presetNames.find((known) => known === given);
    if (preset === undefined) {
      throw usageError(
        `--preset must be one of ${presetNames.join(', ')}${hint(String(given), presetNames, '')}, got ${given}`,
      );
    }
    const whole = { min: 1, whole: true };
    const { benchmark } = await import('../bench/benchmark.ts');
    const lines = await benchmark({
      backend: words.backend as string | undefined,
      preset,
      // A contrast needs two images.
      batch: numberOr(words, 'batch', 64, { min: 2, whole: true }),
      rounds: numberOr(words, 'steps', 5, whole),
      threads: numberOr(words, 'threads', undefined, whole),
    });
    console.log(lines.join('\n'));
    return undefined;
  },
);
