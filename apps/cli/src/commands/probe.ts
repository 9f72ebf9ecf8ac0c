import { command } from '../args/command.ts';
import { choiceOr, numberOr } from '../args/words.ts';
import { JUDGED_FLAGS, questionOf, SEED } from '../evaluation/judged-words.ts';
import { outputFile } from '../files/outputs.ts';

/** `twocan probe`: a linear classifier on frozen features. */
export const probe = command(
  {
    name: 'probe',
    description: 'Train a linear classifier on frozen features, beside two baselines',
    flags: {
      ...JUDGED_FLAGS,
      optimizer: {
        type: 'string',
        valueHint: 'adamw|lars',
        description: "Default adamw, for thousands of images; lars is MAE's, for a million",
      },
      epochs: { type: 'string', valueHint: 'N', description: 'Default 100; lars 90' },
      batch: { type: 'string', valueHint: 'N', description: 'Default 256; lars 16384' },
      lr: {
        type: 'string',
        valueHint: 'RATE',
        description: 'Peak rate, default 0.01; of lars at a batch of 256, default 0.1',
      },
      'weight-decay': { type: 'string', valueHint: 'W', description: 'Default 0.01; lars 0' },
      ...SEED,
      'per-class': { type: 'boolean', description: 'List the accuracy of each class' },
      confusion: {
        type: 'string',
        valueHint: 'FILE',
        description: 'Draw which class is taken for which, as PNG',
      },
    },
    examples: [
      'twocan probe --model runs/photos --data photos',
      'twocan probe --model runs/photos --data photos --features both --confusion confusion.png',
    ],
  },
  async (words) => {
    const question = questionOf(words);
    const optimizer = choiceOr(words, 'optimizer', ['adamw', 'lars'] as const, 'adamw');
    // Loaded here, so that --help and wrong usage answer at once.
    const { probeRecipes } = await import('@twocan/evaluate');
    const usual = probeRecipes[optimizer];
    const recipe = {
      ...usual,
      epochs: numberOr(words, 'epochs', usual.epochs, { min: 1, whole: true }),
      batch: numberOr(words, 'batch', usual.batch, { min: 1, whole: true }),
      base: numberOr(words, 'lr', usual.base, { min: 0, max: 1e6, open: true }),
      weightDecay: numberOr(words, 'weight-decay', usual.weightDecay, { min: 0, max: 1e6 }),
    };
    const request = {
      ...question,
      recipe,
      seed: numberOr(words, 'seed', 0, { min: 0, whole: true }),
      perClass: words['per-class'] === true,
      ...(words.confusion === undefined
        ? {}
        : { confusion: outputFile(words, { flag: 'confusion', endings: ['.png'] }) }),
    };
    const { judgeByProbe } = await import('../evaluation/probing.ts');
    await judgeByProbe(request);
    return undefined;
  },
);
