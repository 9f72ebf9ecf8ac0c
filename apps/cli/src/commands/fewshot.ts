import { fewShotDefaults } from '@twocan/evaluate';
import { list, number, setting, whole } from '@twocan/pretrain/settings';
import { command } from '../args/command.ts';
import { EVALUATED, JSON_RESULT, SEED } from '../args/model.ts';

/** Options of `twocan fewshot`. */
export const fewShotSettings = {
  ...EVALUATED,
  shots: setting(list(whole({ min: 1 })), {
    hint: 'N,N',
    usual: `${fewShotDefaults.shots}, without those larger than the smallest class`,
    text: 'Images of each class',
  }),
  draws: setting(whole({ min: 1 }), {
    default: fewShotDefaults.draws,
    text: 'Random draws of the images to average over',
  }),
  l2: setting(number({ above: 0 }), {
    hint: 'L',
    default: fewShotDefaults.l2,
    text: 'Penalty on squared weights',
  }),
  ...SEED,
};

/** `twocan fewshot`: what a few labelled images of each class are worth. */
export const fewshot = command(
  {
    settings: { ...fewShotSettings, ...JSON_RESULT },
    examples: ['twocan fewshot --model runs/photos --data photos --shots 1,5'],
  },
  async ({ json, ...values }) => {
    const { fewShotLines, measureFewShots } = await import('../evaluation/few-shots.ts');
    const { result, evaluation } = await measureFewShots(values);
    const lines = json ? [JSON.stringify(result)] : fewShotLines(result, evaluation, values.draws);
    console.log(lines.join('\n'));
    return undefined;
  },
);
