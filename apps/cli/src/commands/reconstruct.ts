import { number, setting, text, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, MODEL } from '../args/model.ts';
import { checkOutput } from '../files/outputs.ts';

/** Options of a reconstruction. */
export const reconstructSettings = {
  ...MODEL,
  ...IMAGES,
  maskRatio: setting(number({ min: 0, max: 0.99 }), {
    usual: "the run's",
    text: 'Share of patches hidden',
  }),
  seed: setting(whole({ min: 0 }), { text: 'Seed of masks and noise', default: 0 }),
};

/** `twocan reconstruct`: what a model makes of one's own images, as a sheet of pictures. */
export const reconstruct = command(
  {
    settings: {
      ...reconstructSettings,
      out: setting(text, { hint: 'FILE', text: 'PNG', default: 'reconstruction.png' }),
    },
    examples: ['twocan reconstruct --model runs/photos --data photos --mask-ratio 0.75'],
  },
  async ({ out, ...values }) => {
    checkOutput({ out, ...values }, { flag: 'out', endings: ['.png'] });
    const { reconstruct: draw } = await import('../draw/reconstructing.ts');
    const { writeSamples } = await import('../draw/samples.ts');
    const { rows, model, step } = await draw(values);
    await writeSamples(out, model, rows);
    console.log(`${out}: the model after step ${step}`);
    return undefined;
  },
);
