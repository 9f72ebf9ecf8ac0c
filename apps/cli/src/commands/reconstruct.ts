import { command } from '../args/command.ts';
import { machineOf } from '../args/machine.ts';
import { MODEL_FLAGS, numberOr, required } from '../args/words.ts';
import { outputFile } from '../files/outputs.ts';

/** `twocan reconstruct`: what a model makes of one's own images, as a sheet of pictures. */
export const reconstruct = command(
  {
    name: 'reconstruct',
    description: 'Draw what a model sees and fills in, as a PNG',
    flags: {
      ...MODEL_FLAGS,
      data: { type: 'string', valueHint: 'DIR', description: 'Folder of images, any nesting' },
      out: { type: 'string', valueHint: 'FILE', description: 'PNG; default reconstruction.png' },
      'mask-ratio': {
        type: 'string',
        valueHint: '0..1',
        description: "Share of patches hidden; default the run's",
      },
      seed: { type: 'string', valueHint: 'N', description: 'Seed of masks and noise; default 0' },
    },
    examples: ['twocan reconstruct --model runs/photos --data photos --mask-ratio 0.75'],
  },
  async (words) => {
    const request = {
      model: required(words, 'model', 'a run folder or a checkpoint'),
      data: required(words, 'data', 'a folder of images'),
      out: outputFile(words, {
        flag: 'out',
        endings: ['.png'],
        fallback: 'reconstruction.png',
      }),
      maskRatio: numberOr(words, 'mask-ratio', undefined, { min: 0, max: 0.99 }),
      seed: numberOr(words, 'seed', 0, { min: 0, whole: true }),
      machine: machineOf(words),
    };
    const { drawReconstructions } = await import('../draw/reconstructing.ts');
    await drawReconstructions(request);
    return undefined;
  },
);
