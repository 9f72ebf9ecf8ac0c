import { command } from '../args/command.ts';
import { numberOr } from '../args/words.ts';
import { JUDGED_FLAGS, questionOf } from '../evaluation/judged-words.ts';

/** `twocan knn`: how well the nearest neighbours of a labelled folder know its classes. */
export const knn = command(
  {
    name: 'knn',
    description: 'Judge features by nearest neighbours, beside two baselines',
    flags: {
      ...JUDGED_FLAGS,
      k: { type: 'string', valueHint: 'N', description: 'Neighbours that vote; default 20' },
      temperature: {
        type: 'string',
        valueHint: 'T',
        description: 'Of their votes; default 0.07',
      },
    },
    examples: ['twocan knn --model runs/photos --data photos'],
  },
  async (words) => {
    const request = {
      ...questionOf(words),
      k: numberOr(words, 'k', 20, { min: 1, whole: true }),
      temperature: numberOr(words, 'temperature', 0.07, { min: 0, open: true }),
    };
    const { judgeByKnn } = await import('../evaluation/knn.ts');
    await judgeByKnn(request);
    return undefined;
  },
);
