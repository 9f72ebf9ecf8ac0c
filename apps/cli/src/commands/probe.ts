import { type ProbeRecipe, probeRecipes } from '@twocan/evaluate';
import { choice, number, setting, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { EVALUATED, PER_CLASS, SEED } from '../args/model.ts';
import { checkOutput } from '../files/outputs.ts';

const { adamw, lars } = probeRecipes;

/** A default that the recipes differ in. */
const usual = (name: 'epochs' | 'batch' | 'base' | 'weightDecay'): string =>
  `${adamw[name]} (adamw), ${lars[name]} (lars)`;

/** `twocan probe`: a linear classifier on frozen features. */
export const probe = command(
  {
    name: 'probe',
    description: 'Train a linear classifier on frozen features, with two baselines',
    settings: {
      ...EVALUATED,
      optimizer: setting(choice(['adamw', 'lars']), {
        ...{ default: 'adamw' },
        text: "adamw is for thousands of images, lars is MAE's, for a million",
      }),
      epochs: setting(whole({ min: 1 }), {
        ...{ usual: usual('epochs') },
        text: 'Passes over the features',
      }),
      batch: setting(whole({ min: 1 }), { text: 'Images a step', usual: usual('batch') }),
      lr: setting(number({ above: 0, max: 1e6 }), {
        ...{ hint: 'RATE', usual: usual('base') },
        text: 'Peak learning rate; of lars at a batch of 256',
      }),
      weightDecay: setting(number({ min: 0, max: 1e6 }), {
        ...{ hint: 'W', usual: usual('weightDecay') },
        text: 'Weight decay',
      }),
      ...SEED,
      ...PER_CLASS,
    },
    examples: [
      'twocan probe --model runs/photos --data photos',
      'twocan probe --model runs/photos --data photos --features both --confusion confusion.png',
    ],
  },
  async (values) => {
    checkOutput(values, { flag: 'confusion', endings: ['.png'] });
    const { optimizer, epochs, batch, lr, weightDecay } = values;
    const given = { epochs, batch, base: lr, weightDecay };
    const recipe: ProbeRecipe = {
      ...probeRecipes[optimizer],
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    };
    const { judgeByProbe } = await import('../evaluation/probing.ts');
    await judgeByProbe({ ...values, recipe });
    return undefined;
  },
);
