import { canTerms, usesContrast, usesDecoder, usesLevel, usesNoise } from '@twocan/can';
import { flagOf } from '../args/flag-name.ts';
import type { Options } from '../args/options.ts';
import type { RunConfig } from '../run/config.ts';
import { usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { narrowTokens } from './narrow-tokens.ts';

/** What a rule found: a run that is refused, or a remark. */
export type Finding = { readonly refuse: string } | { readonly note: string };

/** Looks for one kind of setting or run that would do nothing. */
export type Rule<Facts> = (facts: Facts) => Finding | undefined;

/** A run of `twocan pretrain` that is about to begin. */
export type Planned = {
  /** What the user gave, defaults left out. */
  readonly given: Options;
  readonly config: RunConfig;
};

/** A rate at which float32 rounds every update of a weight away. */
const NO_RATE = 1e-10;
/** Adam divides a gradient by its own size, but for this much of it. */
const NO_WEIGHT = 1e-6;
/** Cosines divided by so much all look the same. */
const NO_CONTRAST = 1000;
/** Less than float32 can add to a pixel. */
const NO_NOISE = 1e-6;

/**
 * A rate so small that no weight would change, refused.
 *
 * @param rate the peak learning rate
 * @returns the finding, if it is one
 */
export const noRate = (rate: number): Finding | undefined =>
  rate < NO_RATE
    ? { refuse: `--lr ${rate}: no weight would change; leave it out for the default` }
    : undefined;

/** The settings of one part of a run, when the run has that part, and what it is called. */
type OfPart = readonly [
  name: keyof Options,
  isOn: (config: Pick<RunConfig, 'model'>) => boolean,
  part: string,
];

/** Settings that do nothing in a run without their part. */
const OF_PARTS: readonly OfPart[] = [
  ['temperature', ({ model }) => usesContrast(model), 'the contrastive loss'],
  ['head', ({ model }) => usesContrast(model), 'the contrastive loss'],
  ['pixels', ({ model }) => model.weights.reconstruction > 0, 'reconstruction'],
  ['noiseEmbed', ({ model }) => usesNoise(model) && usesDecoder(model), 'noise and a decoder'],
  ['noiseScale', ({ model }) => usesLevel(model), 'a decoder that gets the noise level'],
  ['noiseCode', ({ model }) => usesLevel(model), 'a decoder that gets the noise level'],
  ['sigmaMin', ({ model }) => usesNoise(model), 'noise'],
  ['noiseLevels', ({ model }) => usesNoise(model), 'noise'],
  ['noiseFrom', ({ model }) => model.weights.denoising > 0, 'denoising'],
  ['noiseTarget', ({ model }) => model.weights.denoising > 0, 'denoising'],
  ['noiseWeight', ({ model }) => model.weights.denoising > 0, 'denoising'],
];

/**
 * The options of a run without those of parts that it does without, which {@link expectEffect} refuses.
 *
 * @param planned options, and the run that follows from them
 * @returns options that give the same run
 */
export function withEffect({ given, config }: Planned): Options {
  const idle = OF_PARTS.filter(([, isOn]) => !isOn(config)).map(([name]): string => name);
  return Object.fromEntries(Object.entries(given).filter(([name]) => !idle.includes(name)));
}

/** Every rule, over settings as they were resolved. */
const RULES: readonly Rule<Planned>[] = [
  ({ config }) => noRate(config.optimizer.learningRate),
  ({ given, config: { model, batch } }) =>
    usesContrast(model) && batch < 2
      ? {
          refuse:
            `${given.batch === undefined ? 'the data have one image' : `--batch ${batch}`}: the contrastive loss tells an image ` +
            'from the others of its batch, and there are none; it takes at least 2 images, or --method mae',
        }
      : undefined,
  ({ config: { model } }) =>
    usesContrast(model) && model.temperature > NO_CONTRAST
      ? {
          refuse: `--temperature ${model.temperature}: the contrastive loss would be the same whatever is learned; it is usually about 0.1`,
        }
      : undefined,
  ({ config: { model } }) =>
    Math.max(...Object.values(model.weights)) < NO_WEIGHT
      ? {
          refuse: `--weights ${Object.values(model.weights).join(',')}: all are so small that nothing would be learned; only their ratios matter, so give larger ones`,
        }
      : undefined,
  ({ config: { model } }) =>
    model.weights.denoising > 0 && model.noise.max < NO_NOISE
      ? {
          refuse: `--sigma-max ${model.noise.max}: there would be no noise to predict; give more, or a denoising weight of 0`,
        }
      : undefined,
  ({ given, config: { model } }) => {
    // The demonstration, which is given no data, is what it is.
    const note = given.data === undefined ? undefined : narrowTokens(model);
    return note === undefined ? undefined : { note };
  },
  ...OF_PARTS.map(withoutPart),
  ({ given: { sigmaUnit, sigmaMax, sigmaMin } }) =>
    sigmaUnit !== undefined && sigmaMax === undefined && sigmaMin === undefined
      ? { refuse: '--sigma-unit has no effect without --sigma-max or --sigma-min; give the level' }
      : undefined,
  ({ config: { ema = 0, steps } }) =>
    ema ** steps > 0.1
      ? {
          note: `--ema ${ema}: after ${steps} steps, ${Math.round(100 * ema ** steps)}% of the average are still the initial weights; a smaller decay follows the training`,
        }
      : undefined,
  ({ given: { accumulate }, config: { microBatch } }) =>
    accumulate !== undefined && microBatch !== undefined
      ? {
          refuse:
            '--accumulate and --micro-batch exclude each other: one adds batches up, the other cuts one into parts; give one',
        }
      : undefined,
  ({ config: { microBatch, batch } }) =>
    microBatch !== undefined && batch % microBatch !== 0
      ? { refuse: `--micro-batch ${microBatch} must divide the batch of ${batch} images` }
      : undefined,
  ({ config: { microBatch, batch } }) =>
    microBatch === batch
      ? {
          refuse: `--micro-batch ${microBatch} has no effect: it is the whole batch; leave it out, or give less`,
        }
      : undefined,
  ({ config: { microBatch, model } }) =>
    microBatch !== undefined && usesContrast(model) && model.projector.batchNorm
      ? {
          refuse: `--micro-batch ${microBatch}: the batch norm of the large head would see one part of the batch, so the loss would be another; give --head light`,
        }
      : undefined,
  ({ config: { balance, microBatch } }) =>
    balance !== undefined && microBatch !== undefined
      ? {
          refuse:
            '--balance gradients and --micro-batch exclude each other: a part of a batch has another gradient than the whole; give one',
        }
      : undefined,
  ({ given, config: { model, balance } }) =>
    (balance !== undefined || (given.shareEvery ?? 0) > 0) && canTerms(model).length < 2
      ? {
          refuse: `--${balance === undefined ? 'share-every' : 'balance'} has no effect here: the loss has one term; leave it out, or change --method or --weights`,
        }
      : undefined,
  ({ given, config: { balance } }) =>
    balance !== undefined && given.shareEvery !== undefined
      ? {
          refuse:
            '--share-every has no effect with --balance gradients: the shares are those of --weights; leave one out',
        }
      : undefined,
  ({ given, config: { steps } }) =>
    given.checkpointEvery !== undefined && given.checkpointEvery > steps
      ? {
          note: `--checkpoint-every ${given.checkpointEvery} is more than the ${steps} steps of the run: the end alone is saved`,
        }
      : undefined,
  ({ given, config }) =>
    given.cache !== undefined && config.data.startsWith('shapes:')
      ? { note: '--cache has no effect on built-in drawings, which are not decoded' }
      : undefined,
];

/** A setting of a part that this run does without. */
function withoutPart([name, isOn, part]: OfPart): Rule<Planned> {
  return ({ given, config }) =>
    given[name] === undefined || isOn(config)
      ? undefined
      : {
          refuse: `--${flagOf(name)} has no effect here: it is of ${part}, which this run does without; leave it out, or change --method or --weights`,
        };
}

/**
 * Holds settings against rules: refuses a run that can learn nothing and options without effect,
 * all at once, and prints the remarks.
 *
 * @param rules what to look for
 * @param facts the settings, resolved
 * @throws Failure (exit code 2) with every reason to refuse
 */
export function applyRules<Facts>(rules: readonly Rule<Facts>[], facts: Facts): void {
  const found = rules.flatMap((rule) => rule(facts) ?? []);
  const reasons = found.flatMap((finding) => ('refuse' in finding ? finding.refuse : []));
  if (reasons.length > 0) throw usageError(reasons.join('\n'));
  for (const finding of found) if ('note' in finding) message(finding.note);
}

/** Rules for what is given to a run that goes on. */
const RESUMED: readonly Rule<Planned>[] = [
  ({ given, config }) =>
    given.backend === 'auto'
      ? {
          note: `--backend auto has no effect: the run goes on with ${config.backend}, as it began`,
        }
      : undefined,
];

/**
 * Prints which of the options given to a resumed run have no effect.
 *
 * @param planned what was given, and the run
 */
export const noteResumed = (planned: Planned): void => applyRules(RESUMED, planned);

/**
 * Refuses a pretraining that can learn nothing, and options without effect.
 *
 * @param planned what was given, and what follows from it
 * @throws Failure (exit code 2) with every reason
 */
export const expectEffect = (planned: Planned): void => applyRules(RULES, planned);
