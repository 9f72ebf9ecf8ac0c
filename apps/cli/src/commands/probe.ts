import { probeRecipes } from '@twocan/evaluate';
import { choice, number, setting, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { CONFUSION, EVALUATED, JSON_RESULT, PER_CLASS, SEED } from '../args/model.ts';

const { adamw, lars } = probeRecipes;

/** A default that the recipes differ in. */
const usual = (name: 'epochs' | 'batch' | 'base' | 'weightDecay'): string =>
  `${adamw[name]} (adamw), ${lars[name]} (lars)`;

/** Options of `twocan probe`. */
export const probeSettings = {
  ...EVALUATED,
  optimizer: setting(choice(['adamw', 'lars']), {
    default: 'adamw',
    text: "adamw is for thousands of images, lars is MAE's, for a million",
  }),
  epochs: setting(whole({ min: 1 }), {
    usual: usual('epochs'),
    text: 'Passes over the features',
  }),
  batch: setting(whole({ min: 1 }), { text: 'Images a step', usual: usual('batch') }),
  lr: setting(number({ above: 0, max: 1e6 }), {
    hint: 'RATE',
    usual: usual('base'),
    text: 'Peak learning rate; for lars, the rate at a batch of 256',
  }),
  weightDecay: setting(number({ min: 0, max: 1e6 }), {
    hint: 'W',
    usual: usual('weightDecay'),
    text: 'Weight decay',
  }),
  ...SEED,
  ...CONFUSION,
};

/** `twocan probe`: a linear classifier on frozen features. */
export const probe = command(
  {
    settings: { ...probeSettings, ...PER_CLASS, ...JSON_RESULT },
    examples: [
      'twocan probe --model runs/photos --data photos',
      'twocan probe --model runs/photos --data photos --features both --confusion confusion.png',
    ],
  },
  async ({ perClass, json, ...values }) => {
    const { classLines, measureProbe, probeLine } = await import('../evaluation/probing.ts');
    const { result, evaluation } = await measureProbe(values);
    if (json) {
      console.log(JSON.stringify(result));
      return undefined;
    }
    console.log(probeLine(result, evaluation));
    if (perClass) console.log(classLines(result.perClass).join('\n'));
    if (values.confusion !== undefined) console.log(`confusions: ${values.confusion}`);
    return undefined;
  },
);
