import { command } from '../args/command.ts';
import { numberOr, numbersOf } from '../args/words.ts';
import { JUDGED_FLAGS, questionOf, SEED } from '../evaluation/judged-words.ts';

/** `twocan fewshot`: what a few labelled images of each class are worth. */
export const fewshot = command(
  {
    name: 'fewshot',
    description: 'Judge features by ridge regression on a few images of each class',
    flags: {
      ...JUDGED_FLAGS,
      shots: {
        type: 'string',
        valueHint: 'N,N',
        description: 'Images of each class; default those of 1,5,10,25 that there are enough for',
      },
      draws: {
        type: 'string',
        valueHint: 'N',
        description: 'How often these images are drawn anew; default 3',
      },
      l2: {
        type: 'string',
        valueHint: 'L',
        description: 'Penalty on squared weights; default 1024',
      },
      ...SEED,
    },
    examples: ['twocan fewshot --model runs/photos --data photos --shots 1,5'],
  },
  async (words) => {
    const request = {
      ...questionOf(words),
      shots: numbersOf(words, 'shots', { min: 1, whole: true }),
      draws: numberOr(words, 'draws', 3, { min: 1, whole: true }),
      l2: numberOr(words, 'l2', 1024, { min: 0, open: true }),
      seed: numberOr(words, 'seed', 0, { min: 0, whole: true }),
    };
    const { judgeByFewShots } = await import('../evaluation/few-shots.ts');
    await judgeByFewShots(request);
    return undefined;
  },
);
