import { expectInteger, expectOptions, refuse } from '@twocan/core';
import { scaledLearningRate } from '@twocan/optim';
import { choice, number, setting, type Values, whole } from './setting.ts';

const group = 'Training';

/** The images of a step where nothing is given. */
export const BATCH = 64;
/** The peak rate for 256 images, as in MAE and both CAN codes. */
const RATES = { small: 6e-3, large: 2.5e-4 } as const;
/** Presets for 32 and 64 px: narrow models on short runs learn at a much larger rate. */
const SMALL = ['micro', 'mini', 'tiny', 'small'] as const;
/** A twentieth of the run warms up: MAE's 40 of 800 epochs. */
const WARMUP_SHARE = 0.05;
const CHECKPOINTS = 5;
const BALANCES = ['none', 'gradients'] as const;

/** The settings of a training that any images have in common. */
export const TRAINING = {
  epochs: setting(number({ above: 0 }), {
    group,
    default: 100,
    text: 'Passes over the data',
  }),
  steps: setting(whole({ min: 1 }), { group, text: 'Optimizer steps, instead of --epochs' }),
  batch: setting(whole({ min: 1 }), {
    group,
    usual: `${BATCH}, or all if they are fewer`,
    text: 'Images a step',
  }),
  accumulate: setting(whole({ min: 2, max: 1024 }), {
    group,
    text: 'Average the gradients of so many batches into one step; an image is contrasted with its own batch only; not with --micro-batch',
  }),
  microBatch: setting(whole({ min: 1 }), {
    group,
    hint: 'IMAGES',
    text: 'Compute each batch in parts of so many images, to save memory; an image is still contrasted with the whole batch; must divide --batch, needs --head light',
  }),
  lr: setting(number({ min: 0 }), {
    group,
    hint: 'RATE',
    usual: `${RATES.large}, or ${RATES.small} for the presets ${SMALL.join(', ')}; for 256 images a step, in proportion for others`,
    text: 'Peak learning rate',
  }),
  warmupEpochs: setting(number({ min: 0 }), {
    group,
    usual: `${100 * WARMUP_SHARE}% of the run`,
    text: 'Epochs in which the rate rises',
  }),
  weightDecay: setting(number({ min: 0 }), {
    group,
    hint: 'W',
    default: 0.05,
    text: 'Decoupled weight decay, on kernels only',
  }),
  clip: setting(number({ above: 0 }), {
    group,
    hint: 'NORM',
    usual: 'no bound',
    text: 'Largest norm of a gradient; a larger one is scaled down to it',
  }),
  ema: setting(number({ above: 0, below: 1 }), {
    group,
    hint: 'DECAY',
    usual: 'no average',
    text: 'Evaluate and use a moving average of the weights with this decay, such as 0.99 for hundreds of steps and 0.999 for ten thousand',
  }),
  balance: setting(choice(BALANCES), {
    group,
    default: BALANCES[0],
    text: "Weigh the terms of the loss anew at each step, so that their shares of the encoder's gradient are as --weights (gradients), or not (none)",
  }),
  shareEvery: setting(whole({ min: 0 }), {
    group,
    hint: 'STEPS',
    usual: 'with each checkpoint',
    text: "Measure each term's share of the encoder's gradient after so many steps, for a pass a term; 0 for never",
  }),
  seed: setting(whole({ min: 0 }), {
    group,
    default: 0,
    text: 'Seed of all random numbers',
  }),
  checkpointEvery: setting(whole({ min: 0 }), {
    group,
    hint: 'STEPS',
    usual: `1/${CHECKPOINTS} of the run`,
    text: 'Save, draw samples and evaluate after so many steps; 0 for the end only',
  }),
};

/** How a run is trained: batch, length, optimizer and checkpoints, all defaults filled in. */
export type Training = {
  /** Images of a batch. */
  readonly batch: number;
  /** Batches a step, where there is more than one. */
  readonly accumulate?: number;
  /** Images of a part, where a batch is computed in parts. */
  readonly microBatch?: number;
  readonly steps: number;
  readonly optimizer: {
    readonly name: 'adamw';
    readonly learningRate: number;
    readonly minLearningRate: number;
    readonly warmupSteps: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly weightDecay: number;
    /** The largest norm of a gradient, where it is bounded. */
    readonly clip?: number;
  };
  /** The decay of the moving average of the weights, where one is kept. */
  readonly ema?: number;
  /** What the terms are weighed anew by at each step, where they are. */
  readonly balance?: 'gradients';
  /** Steps between measurements of the terms' shares, where it was set; else they come with checkpoints. */
  readonly shareEvery?: number;
  readonly seed: number;
  /** Steps between checkpoints; 0 for the last alone. */
  readonly checkpointEvery: number;
};

/**
 * How many images one step of a run sees.
 *
 * @param training its batch, and how many of them make a step
 * @returns images
 * @throws RangeError for numbers that are not whole and positive
 * @example
 * imagesOfStep({ batch: 64, accumulate: 4 }); // 256
 */
export function imagesOfStep(training: {
  readonly batch: number;
  readonly accumulate?: number | undefined;
}): number {
  expectOptions('imagesOfStep', 'training', training, ['batch']);
  const { batch, accumulate = 1 } = training;
  expectInteger('imagesOfStep', 'batch', batch);
  expectInteger('imagesOfStep', 'accumulate', accumulate);
  return batch * accumulate;
}

/**
 * The peak learning rate where nothing is given.
 *
 * @param preset the name of the sizes
 * @param images of a step
 * @returns the rate
 */
export function usualRate(preset: string, images: number): number {
  const base = SMALL.some((name) => new RegExp(`^${name}\\d`).test(preset)) ? 'small' : 'large';
  return scaledLearningRate(RATES[base], images);
}

/**
 * How a run is trained.
 *
 * @param caller the function that names itself in errors
 * @param values settings, checked
 * @param run.preset the name of its sizes
 * @param run.images how many images there are
 * @returns the training
 * @throws RangeError for a batch of more images than there are, or a warm-up longer than the run
 */
export function resolveTraining(
  caller: string,
  values: Values<typeof TRAINING>,
  { preset, images }: { readonly preset: string; readonly images: number },
): Training {
  const { seed, weightDecay, accumulate, microBatch, clip, ema, balance, shareEvery } = values;
  const batch = values.batch ?? Math.min(BATCH, images);
  if (batch > images) refuse(caller, 'batch', `be at most the ${images} images of the data`, batch);
  const perEpoch = Math.floor(images / batch) / (accumulate ?? 1);
  const steps = values.steps ?? Math.max(1, Math.round(values.epochs * perEpoch));
  const { warmupEpochs } = values;
  const warmup = warmupEpochs === undefined ? steps * WARMUP_SHARE : warmupEpochs * perEpoch;
  const warmupSteps = Math.round(warmup);
  if (warmupSteps > steps) {
    refuse(
      caller,
      'warmupEpochs',
      `be at most ${steps / perEpoch}, the epochs of the run`,
      warmupEpochs,
    );
  }
  return {
    batch,
    ...(accumulate !== undefined && { accumulate }),
    ...(microBatch !== undefined && { microBatch }),
    steps,
    optimizer: {
      name: 'adamw',
      learningRate: values.lr ?? usualRate(preset, imagesOfStep({ batch, accumulate })),
      minLearningRate: 0,
      warmupSteps,
      beta1: 0.9,
      beta2: 0.95,
      weightDecay,
      ...(clip !== undefined && { clip }),
    },
    ...(ema !== undefined && { ema }),
    ...(balance !== 'none' && { balance }),
    ...(shareEvery !== undefined && { shareEvery }),
    seed,
    checkpointEvery: values.checkpointEvery ?? Math.max(1, Math.ceil(steps / CHECKPOINTS)),
  };
}
