import { number, setting, text, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, MODEL } from '../args/model.ts';
import { checkOutput } from '../files/outputs.ts';

/** `twocan reconstruct`: what a model makes of one's own images, as a sheet of pictures. */
export const reconstruct = command(
  {
    name: 'reconstruct',
    description: 'Draw images as the model sees and reconstructs them, as a PNG',
    settings: {
      ...MODEL,
      ...IMAGES,
      out: setting(text, { hint: 'FILE', text: 'PNG', default: 'reconstruction.png' }),
      maskRatio: setting(number({ min: 0, max: 0.99 }), {
        ...{ usual: "the run's" },
        text: 'Share of patches hidden',
      }),
      seed: setting(whole({ min: 0 }), { text: 'Seed of masks and noise', default: 0 }),
    },
    examples: ['twocan reconstruct --model runs/photos --data photos --mask-ratio 0.75'],
  },
  async (values) => {
    checkOutput(values, { flag: 'out', endings: ['.png'] });
    const { drawReconstructions } = await import('../draw/reconstructing.ts');
    await drawReconstructions(values);
    return undefined;
  },
);
