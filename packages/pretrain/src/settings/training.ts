import { resolveAugmentation } from '@twocan/data';
import { scaledLearningRate } from '@twocan/optim';
import { number, setting, whole } from './setting.ts';

const group = 'Training';

const BATCH = 64;
/** The peak rate for 256 images, as in MAE and both CAN codes. */
const RATES = { small: 6e-3, large: 2.5e-4 } as const;
/** Presets for 32 and 64 px: narrow models on short runs learn at a much larger rate. */
const SMALL = ['micro', 'tiny', 'small'] as const;
const CHECKPOINTS = 5;

/** The settings of a training that any images have in common. */
export const TRAINING = {
  epochs: setting(number({ above: 0 }), {
    ...{ group, default: 100 },
    text: 'Passes over the data',
  }),
  steps: setting(whole({ min: 1 }), { group, text: 'Optimizer steps, instead of --epochs' }),
  batch: setting(whole({ min: 1 }), {
    ...{ group, usual: `${BATCH}, or all if they are fewer` },
    text: 'Images a step',
  }),
  lr: setting(number({ min: 0 }), {
    ...{ group, hint: 'RATE' },
    usual: `${RATES.large}, or ${RATES.small} for the presets ${SMALL.join(', ')}; times batch/256`,
    text: 'Peak learning rate',
  }),
  weightDecay: setting(number({ min: 0 }), {
    ...{ group, hint: 'W', default: 0.05 },
    text: 'Decoupled weight decay, on kernels only',
  }),
  seed: setting(whole({ min: 0 }), {
    ...{ group, default: 0 },
    text: 'Seed of all random numbers',
  }),
  checkpointEvery: setting(whole({ min: 0 }), {
    ...{ group, hint: 'STEPS', usual: `1/${CHECKPOINTS} of the run` },
    text: 'Save, draw samples and evaluate after so many steps; 0 for the end only',
  }),
};

/** How views of the images are cut. */
export const VIEWS = {
  cropMin: setting(number({ above: 0, max: 1 }), {
    ...{ group: 'Data', default: resolveAugmentation(224).scale[0] },
    text: "Smallest crop, a share of the image's area",
  }),
};

/**
 * The batch of a run that names none.
 *
 * @param images how many there are
 * @returns images a step
 */
export const usualBatch = (images: number): number => Math.min(BATCH, images);

/**
 * The peak learning rate of a run that names none.
 *
 * @param preset the name of its sizes
 * @param batch images a step
 * @returns the rate
 */
export function usualRate(preset: string, batch: number): number {
  const small = SMALL.some((name) => new RegExp(`^${name}\\d`).test(preset));
  return scaledLearningRate(small ? RATES.small : RATES.large, batch);
}

/**
 * The distance of checkpoints in a run that names none.
 *
 * @param steps the length of the run
 * @returns steps
 */
export const usualCheckpoints = (steps: number): number =>
  Math.max(1, Math.ceil(steps / CHECKPOINTS));
