import { scaledLearningRate } from '@twocan/optim';
import { choice, flag, number, setting, text, type Values, whole } from '@twocan/pretrain/settings';
import { presetNames } from '@twocan/vit';
import { MACHINE } from '../args/machine.ts';
import {
  ANY_MODEL,
  CONFUSION,
  INIT,
  JSON_RESULT,
  LABELLED_IMAGES,
  PER_CLASS,
  SEED,
} from '../args/model.ts';
import type { FinetuneRecipe } from './plan.ts';

const BATCH = 64;
/** The peak rate of the head for 256 images. */
const RATE = 2e-3;
const WARMUP = { epochs: 5, parts: 10 };
const OPERATIONS = 2;

/** The settings of `twocan finetune`. */
export const FINETUNE = {
  model: setting(text, ANY_MODEL),
  init: setting(text, INIT),
  ...MACHINE,
  data: setting(text, LABELLED_IMAGES),
  ...JSON_RESULT,
  preset: setting(choice(presetNames), {
    text: 'Sizes of an encoder from scratch, instead of --model or --init',
  }),
  imageSize: setting(whole({ min: 1 }), {
    hint: 'PX',
    usual: "the preset's, or that of the weights",
    text: 'Side of the images',
  }),
  epochs: setting(number({ above: 0 }), { text: 'Passes over the data', default: 50 }),
  batch: setting(whole({ min: 1 }), {
    usual: `${BATCH}, or all if they are fewer`,
    text: 'Images a step',
  }),
  lr: setting(number({ min: 0 }), {
    hint: 'RATE',
    usual: `${RATE}, times batch/256`,
    text: 'Peak learning rate of the head',
  }),
  warmupEpochs: setting(number({ min: 0 }), {
    usual: `${WARMUP.epochs}, at most 1/${WARMUP.parts} of --epochs`,
    text: 'Epochs in which the rate rises',
  }),
  weightDecay: setting(number({ min: 0 }), {
    hint: 'W',
    default: 0.05,
    text: 'Decoupled weight decay, on kernels only',
  }),
  layerDecay: setting(number({ above: 0, max: 1 }), {
    default: 0.75,
    text: 'Factor on the rate from block to block below',
  }),
  dropPath: setting(number({ min: 0, max: 0.99 }), {
    default: 0.1,
    text: 'Stochastic depth of the last block',
  }),
  mixup: setting(number({ min: 0, max: 2 }), {
    default: 0.8,
    text: 'Strength of Mixup (alpha of the Beta distribution), 0 for none',
  }),
  cutmix: setting(number({ min: 0, max: 2 }), {
    default: 1,
    text: 'Strength of CutMix (alpha of the Beta distribution), 0 for none',
  }),
  smoothing: setting(number({ min: 0, max: 0.99 }), {
    default: 0.1,
    text: 'Share of the label spread over all classes',
  }),
  randAugment: setting(number({ min: 0, max: 10 }), {
    default: 9,
    text: `Magnitude of the ${OPERATIONS} operations on an image, 0 for none`,
  }),
  erasing: setting(number({ min: 0, max: 1 }), {
    default: 0.25,
    text: 'Share of images with a rectangle of noise',
  }),
  cropMin: setting(number({ above: 0, max: 1 }), {
    default: 0.08,
    text: "Smallest crop, a share of the image's area",
  }),
  ...SEED,
  ...PER_CLASS,
  ...CONFUSION,
  out: setting(text, {
    hint: 'DIR',
    usual: 'nowhere',
    text: 'Keep the classifier and the numbers here',
  }),
  resume: setting(flag, {
    default: false,
    text: 'Go on with the classifier in --out from its last checkpoint',
  }),
  overwrite: setting(flag, { text: 'Replace the classifier in --out', default: false }),
};

/** Without those that say what is printed. */
export type FinetuneSettings = Omit<typeof FINETUNE, 'json' | 'perClass'>;

/**
 * How a classifier is trained.
 *
 * @param values the settings
 * @param images how many there are to learn from
 * @returns the recipe
 */
export function recipeOf(values: Values<FinetuneSettings>, images: number): FinetuneRecipe {
  const { epochs, weightDecay, layerDecay, dropPath, mixup, cutmix, smoothing, seed } = values;
  const { cropMin, erasing, randAugment: magnitude } = values;
  const batch = values.batch ?? Math.min(BATCH, images);
  return {
    epochs,
    batch,
    weightDecay,
    layerDecay,
    dropPath,
    smoothing,
    seed,
    learningRate: values.lr ?? scaledLearningRate(RATE, batch),
    warmupEpochs: values.warmupEpochs ?? Math.min(WARMUP.epochs, epochs / WARMUP.parts),
    mixing: { mixup, cutmix },
    augmentation: {
      scale: [cropMin, 1],
      jitter: 0,
      grey: 0,
      blur: 0,
      erasing,
      ...(magnitude > 0 && { randAugment: { operations: OPERATIONS, magnitude } }),
    },
  };
}
