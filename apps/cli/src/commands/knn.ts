import { knnDefaults } from '@twocan/evaluate';
import { number, setting, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { EVALUATED } from '../args/model.ts';

/** `twocan knn`: how well the nearest neighbours of a labelled folder know its classes. */
export const knn = command(
  {
    name: 'knn',
    description: 'Evaluate features by nearest neighbours, with two baselines',
    settings: {
      ...EVALUATED,
      k: setting(whole({ min: 1 }), { text: 'Neighbours that vote', default: knnDefaults.k }),
      temperature: setting(number({ above: 0 }), {
        ...{ hint: 'T', default: knnDefaults.temperature },
        text: 'Temperature of their votes',
      }),
    },
    examples: ['twocan knn --model runs/photos --data photos'],
  },
  async (values) => {
    const { judgeByKnn } = await import('../evaluation/knn.ts');
    await judgeByKnn(values);
    return undefined;
  },
);
