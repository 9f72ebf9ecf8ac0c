import { knnDefaults } from '@twocan/evaluate';
import { number, setting, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { EVALUATED, JSON_RESULT } from '../args/model.ts';

/** Options of `twocan knn`. */
export const knnSettings = {
  ...EVALUATED,
  k: setting(whole({ min: 1 }), { text: 'Neighbours that vote', default: knnDefaults.k }),
  temperature: setting(number({ above: 0 }), {
    hint: 'T',
    default: knnDefaults.temperature,
    text: 'Temperature of their votes',
  }),
};

/** `twocan knn`: how well the nearest neighbours of a labelled folder know its classes. */
export const knn = command(
  {
    settings: { ...knnSettings, ...JSON_RESULT },
    examples: ['twocan knn --model runs/photos --data photos'],
  },
  async ({ json, ...values }) => {
    const { knnLine, measureKnn } = await import('../evaluation/knn.ts');
    const { result, evaluation } = await measureKnn(values);
    console.log(json ? JSON.stringify(result) : knnLine(result, evaluation.heldOut));
    return undefined;
  },
);
