import { setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, JSON_RESULT, MODEL, SEED } from '../args/model.ts';
import { checkOutput } from '../files/outputs.ts';

/** `twocan explain`: what features and decoder are like, without labels. */
export const explain = command(
  {
    name: 'explain',
    description: 'Measure features and decoder without labels, and draw where the encoder looks',
    settings: {
      ...MODEL,
      ...IMAGES,
      attention: setting(text, {
        ...{ hint: 'FILE' },
        text: "Draw each head's attention over some images, as PNG",
      }),
      ...SEED,
      ...JSON_RESULT,
    },
    examples: ['twocan explain --model runs/photos --data photos --attention attention.png'],
  },
  async (values) => {
    checkOutput(values, { flag: 'attention', endings: ['.png'] });
    const { explain: run } = await import('../evaluation/explaining.ts');
    await run(values);
    return undefined;
  },
);
