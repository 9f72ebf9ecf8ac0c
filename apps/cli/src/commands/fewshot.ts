import { fewShotDefaults } from '@twocan/evaluate';
import { list, number, setting, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { EVALUATED, SEED } from '../args/model.ts';

/** `twocan fewshot`: what a few labelled images of each class are worth. */
export const fewshot = command(
  {
    name: 'fewshot',
    description: 'Evaluate features by ridge regression on a few images of each class',
    settings: {
      ...EVALUATED,
      shots: setting(list(whole({ min: 1 })), {
        ...{ hint: 'N,N', usual: `those of ${fewShotDefaults.shots} that there are enough for` },
        text: 'Images of each class',
      }),
      draws: setting(whole({ min: 1 }), {
        ...{ default: fewShotDefaults.draws },
        text: 'How often these images are drawn anew',
      }),
      l2: setting(number({ above: 0 }), {
        ...{ hint: 'L', default: fewShotDefaults.l2 },
        text: 'Penalty on squared weights',
      }),
      ...SEED,
    },
    examples: ['twocan fewshot --model runs/photos --data photos --shots 1,5'],
  },
  async (values) => {
    const { judgeByFewShots } = await import('../evaluation/few-shots.ts');
    await judgeByFewShots(values);
    return undefined;
  },
);
