import { presetNames } from '@twocan/vit';
import { command } from '../args/command.ts';
import { machineOf } from '../args/machine.ts';
import type { Words } from '../args/options.ts';
import { choiceOr, numberOr, required } from '../args/words.ts';
import { LABELLED_FLAGS, SEED } from '../evaluation/judged-words.ts';
import { outputFile } from '../files/outputs.ts';
import { usageError } from '../terminal/failure.ts';

const BATCH = 64;
const BASE_RATE = 2e-3;

const number = (valueHint: string, description: string) =>
  ({ type: 'string', valueHint, description }) as const;

/** `twocan finetune`: encoder and head, trained on labels. */
export const finetune = command(
  {
    name: 'finetune',
    description: 'Train a classifier, encoder and all, from a checkpoint or from scratch',
    flags: {
      ...LABELLED_FLAGS,
      preset: number('NAME', 'From scratch instead of --model: sizes of the encoder'),
      'image-size': number('PX', "Side of the images; default the preset's, or that of --model"),
      epochs: number('N', 'Passes over the data; default 50'),
      batch: number('N', `Images a step; default ${BATCH}, or all if they are fewer`),
      lr: number('RATE', `Peak rate of the head; default ${BASE_RATE}, times batch/256`),
      'warmup-epochs': number('N', 'Default 5, or a tenth of few epochs'),
      'weight-decay': number('W', 'Decoupled, on kernels only; default 0.05'),
      'layer-decay': number('0..1', 'Factor on the rate from block to block below; default 0.75'),
      'drop-path': number('0..1', 'Stochastic depth of the last block; default 0.1'),
      mixup: number('A', 'Beta of mixed images; default 0.8, 0 for none'),
      cutmix: number('A', 'Beta of pasted rectangles; default 1, 0 for none'),
      smoothing: number('0..1', 'Share of the label spread over all classes; default 0.1'),
      'rand-augment': number('0..10', 'Magnitude of two operations; default 9, 0 for none'),
      erasing: number('0..1', 'Share of images with a rectangle of noise; default 0.25'),
      'crop-min': number('0..1', "Smallest crop, a share of the image's area; default 0.08"),
      ...SEED,
      'per-class': { type: 'boolean', description: 'List the accuracy of each class' },
      confusion: number('FILE', 'Draw which class is taken for which, as PNG'),
      out: number('DIR', 'Keep the classifier and the numbers here; default nowhere'),
      resume: {
        type: 'boolean',
        description: 'Go on with the classifier in --out from its last checkpoint',
      },
      overwrite: { type: 'boolean', description: 'Replace the classifier in --out' },
    },
    examples: [
      'twocan finetune --model runs/photos --data photos --epochs 50 --out finetuned',
      'twocan finetune --resume --out finetuned',
      'twocan finetune --preset tiny32 --data photos --layer-decay 1',
    ],
  },
  async (words) => {
    const told = {
      ...(words.out === undefined ? {} : { out: required(words, 'out', 'a folder') }),
      ...(words.confusion === undefined
        ? {}
        : { confusion: outputFile(words, { flag: 'confusion', endings: ['.png'] }) }),
      perClass: words['per-class'] === true,
      json: words.json === true,
      machine: machineOf(words),
    };
    if (words.resume === true) {
      checkResume(words);
      const out = required(words, 'out', 'the classifier to go on with');
      const { resumeFinetune } = await import('../finetuning/finetune.ts');
      const moved = words.data === undefined ? {} : { data: required(words, 'data', 'a folder') };
      return resumeFinetune({ ...told, ...moved, out });
    }
    const { model } = words;
    const preset = choiceOr(words, 'preset', presetNames, undefined);
    if ((model === undefined) === (preset === undefined)) {
      throw usageError('give one of --model RUN and --preset NAME (from scratch)');
    }
    const share = { min: 0, max: 1 };
    const alpha = { min: 0, max: 2 };
    const imageSize = numberOr(words, 'image-size', undefined, { min: 1, whole: true });
    const epochs = numberOr(words, 'epochs', 50, { min: 0, open: true });
    const asked = numberOr(words, 'batch', undefined, { min: 1, whole: true });
    const rate = numberOr(words, 'lr', undefined, { min: 0 });
    const magnitude = numberOr(words, 'rand-augment', 9, { min: 0, max: 10 });
    const recipe = {
      epochs,
      warmupEpochs: numberOr(words, 'warmup-epochs', Math.min(5, epochs / 10), { min: 0 }),
      weightDecay: numberOr(words, 'weight-decay', 0.05, { min: 0 }),
      layerDecay: numberOr(words, 'layer-decay', 0.75, { ...share, open: true }),
      dropPath: numberOr(words, 'drop-path', 0.1, { min: 0, max: 0.99 }),
      mixing: {
        mixup: numberOr(words, 'mixup', 0.8, alpha),
        cutmix: numberOr(words, 'cutmix', 1, alpha),
      },
      smoothing: numberOr(words, 'smoothing', 0.1, { min: 0, max: 0.99 }),
      augmentation: {
        scale: [numberOr(words, 'crop-min', 0.08, { ...share, open: true }), 1] as const,
        ...{ jitter: 0, grey: 0, blur: 0 },
        erasing: numberOr(words, 'erasing', 0.25, share),
        ...(magnitude > 0 && { randAugment: { operations: 2, magnitude } }),
      },
      seed: numberOr(words, 'seed', 0, { min: 0, whole: true }),
    };
    const request = {
      ...told,
      data: required(words, 'data', 'a folder with one folder a class'),
      ...(model === undefined ? {} : { model: required(words, 'model', 'a run or a checkpoint') }),
      sizes: {
        ...(preset === undefined ? {} : { preset }),
        ...(imageSize === undefined ? {} : { imageSize }),
      },
      recipeFor(images: number) {
        const batch = asked ?? Math.min(BATCH, images);
        return { ...recipe, batch, learningRate: rate ?? (BASE_RATE * batch) / 256 };
      },
      overwrite: words.overwrite === true,
    };
    const { finetune: run } = await import('../finetuning/finetune.ts');
    return run(request);
  },
);

const WITH_RESUME = [
  'resume',
  'out',
  'data',
  'confusion',
  'per-class',
  'json',
  'threads',
  'cache',
  'debug',
];

/** What a run is does not change while it goes on. */
function checkResume(words: Words): void {
  const others = Object.keys(words).filter((flag) => !WITH_RESUME.includes(flag));
  if (others.length === 0) return;
  throw usageError(
    `--resume takes all settings from the folder's finetune.json; leave out ${others.map((flag) => `--${flag}`).join(', ')}`,
  );
}
