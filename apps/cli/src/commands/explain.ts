import { setting, text } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { IMAGES, JSON_RESULT, MODEL, SEED } from '../args/model.ts';

/** Options of `twocan explain`. */
export const explainSettings = {
  ...MODEL,
  ...IMAGES,
  attention: setting(text, {
    hint: 'FILE',
    text: "Draw each head's attention over some images, as PNG",
  }),
  ...SEED,
};

/** `twocan explain`: what features and decoder are like, without labels. */
export const explain = command(
  {
    settings: { ...explainSettings, ...JSON_RESULT },
    examples: ['twocan explain --model runs/photos --data photos --attention attention.png'],
  },
  async ({ json, ...values }) => {
    const { explain: measure, explanationLines } = await import('../evaluation/explaining.ts');
    const { result, config } = await measure(values);
    const lines = json ? [JSON.stringify(result)] : explanationLines(result, config);
    console.log(lines.join('\n'));
    if (values.attention !== undefined && !json) console.log(`attention: ${values.attention}`);
    return undefined;
  },
);
