import { resolve } from 'node:path';
import type { BackendName } from '@twocan/backend';
import { type CanConfig, methodCost, resolveCanConfig } from '@twocan/can';
import { type Augmentation, IMAGENET_MEAN, IMAGENET_STD, resolveAugmentation } from '@twocan/data';
import type { Options } from '../args/options.ts';
import { isPlace, labelOf } from '../files/path-names.ts';
import { usageError } from '../terminal/failure.ts';
import type { ImagesIdentity } from './data-identity.ts';
import { checkMemory } from './enough-memory.ts';
import { modelProblems } from './model-problems.ts';

/**
 * A run, resolved: together with the data and this version of twocan it is enough to rerun.
 * This is config.json; plain JSON, so a user can read it and a test can compare it.
 */
export type RunConfig = {
  readonly version: 1;
  /** `shapes:COUNT`, or the absolute path of a folder. */
  readonly data: string;
  /** By what the files of a folder are known again when they have moved; absent in old runs, and for drawn images. */
  readonly images?: ImagesIdentity;
  /** Which labelled pictures k-NN is taken on; null where there are none. */
  readonly evaluation: string | null;
  readonly preset: string;
  readonly method: string;
  readonly model: CanConfig;
  readonly augmentation: Augmentation;
  /** Pixels in 0..1 have this mean taken off and are divided by this deviation, channel by channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly batch: number;
  readonly steps: number;
  readonly optimizer: {
    readonly name: 'adamw';
    readonly learningRate: number;
    readonly minLearningRate: number;
    readonly warmupSteps: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly weightDecay: number;
  };
  readonly seed: number;
  /** What was chosen, never `auto`: results are bitwise the same only on the same backend. */
  readonly backend: BackendName;
  /** Steps between checkpoints, each with a sheet of samples; 0 for the last alone. */
  readonly checkpointEvery: number;
  /** The flags the run was started with; everything above follows from them. */
  readonly options: Options;
};

const PRESET = 'micro32';
const EPOCHS = 100;
const BATCH = 64;
/** A twentieth of the run warms up: MAE's 40 of 800 epochs. */
const WARMUP_SHARE = 0.05;
/** The peak rate is base * batch / 256, as in MAE and both CAN codes. */
const BASE_RATE = { large: 2.5e-4, small: 6e-3 } as const;
/** Presets for 32 and 64 px: narrow models on short runs learn at a much larger rate. */
const SMALL = /^(micro|tiny|small)\d/;

/**
 * A short name for a run without --out.
 *
 * @param options the flags
 * @returns such as `shapes-micro32`
 */
export function runLabel({ data = 'shapes', preset = PRESET }: Options): string {
  return `${labelOf(resolve(data))}-${preset}`;
}

/** What the config needs to know of the opened data. */
export type DataFacts = {
  readonly source: string;
  readonly length: number;
  readonly evaluation?: { readonly source: string };
  readonly images?: ImagesIdentity;
};

/**
 * The method's config; every problem with it is the user's to mend.
 *
 * @param options the flags
 * @returns the resolved config of preset and method with the flags on top
 * @throws Failure (exit code 2) with what the method says is wrong
 */
export function resolveModel(options: Options): CanConfig {
  const { maskRatio, temperature, sigmaMax, noiseEmbed, noiseScale } = options;
  const { pixels, head, weights, imageSize, patch } = options;
  const noise = {
    ...(sigmaMax === undefined ? {} : { max: sigmaMax }),
    ...(noiseEmbed === undefined ? {} : { embed: noiseEmbed }),
    ...(noiseScale === undefined ? {} : { scale: noiseScale }),
  };
  const encoder = {
    ...(imageSize === undefined ? {} : { image: { height: imageSize, width: imageSize } }),
    ...(patch === undefined ? {} : { patch }),
  };
  try {
    return resolveCanConfig({
      preset: options.preset ?? PRESET,
      method: options.method ?? 'can',
      encoder,
      ...(maskRatio === undefined ? {} : { maskRatio }),
      ...(temperature === undefined ? {} : { temperature }),
      noise,
      ...(pixels === undefined ? {} : { normalizePixels: pixels === 'normalized' }),
      ...(head === undefined ? {} : { projector: head }),
      ...(weights === undefined
        ? {}
        : {
            weights: {
              contrastive: weights[0],
              reconstruction: weights[1],
              denoising: weights[2],
            },
          }),
    } as Parameters<typeof resolveCanConfig>[0]);
  } catch (error) {
    throw usageError(modelProblems(error), error);
  }
}

/**
 * Resolves flags to a run.
 *
 * @param options the flags
 * @param model the method's config
 * @param data what was opened
 * @param backend what was chosen
 * @returns the config
 * @throws Failure (exit code 2) when the data are too few for one batch, or the memory
 */
export function resolveRun(
  options: Options,
  model: CanConfig,
  data: DataFacts,
  backend: BackendName,
): RunConfig {
  const preset = options.preset ?? PRESET;
  const batch = options.batch ?? Math.min(BATCH, data.length);
  if (batch > data.length) {
    throw usageError(`--batch ${batch} is more than the ${data.length} images of ${data.source}`);
  }
  const sizes = '--image-size or --preset';
  checkMemory({ cost: methodCost(model), batch, backend, sizes });
  const perEpoch = Math.floor(data.length / batch);
  const steps = options.steps ?? Math.max(1, Math.round((options.epochs ?? EPOCHS) * perEpoch));
  const base = SMALL.test(preset) ? BASE_RATE.small : BASE_RATE.large;
  return {
    version: 1,
    data: data.source,
    ...(data.images === undefined ? {} : { images: data.images }),
    evaluation: data.evaluation?.source ?? null,
    preset,
    method: options.method ?? 'can',
    model,
    augmentation: resolveAugmentation(
      model.encoder.image.width,
      options.cropMin === undefined ? {} : { scale: [options.cropMin, 1] },
    ),
    normalization: { mean: IMAGENET_MEAN, std: IMAGENET_STD },
    batch,
    steps,
    optimizer: {
      name: 'adamw',
      learningRate: options.lr ?? (base * batch) / 256,
      minLearningRate: 0,
      warmupSteps: Math.round(steps * WARMUP_SHARE),
      beta1: 0.9,
      beta2: 0.95,
      weightDecay: options.weightDecay ?? 0.05,
    },
    seed: options.seed ?? 0,
    backend,
    checkpointEvery: options.checkpointEvery ?? Math.max(1, Math.ceil(steps / 5)),
    options,
  };
}

/**
 * Where two configs differ, leaf by leaf. Images of a folder count by what they are, not by where
 * they lie; a run that does not know them takes them on trust.
 *
 * @param before the run's
 * @param now what the flags ask for
 * @param where the words for the two
 * @returns lines such as `batch: 64 in the run, 32 now`; empty when they agree
 */
export function differences(
  before: RunConfig,
  now: RunConfig,
  where: Sides = ['in the run', 'now'],
): string[] {
  const moved = [before, now].every(({ data }) => isPlace(String(data)));
  const places = moved ? ['data', 'evaluation'] : [];
  const left = ['options', ...places, ...(before.images === undefined ? ['images'] : [])];
  return differingLeaves(before, now, left, where);
}

/** What the two things that are compared are called. */
export type Sides = readonly [old: string, fresh: string];

/**
 * Where two values of plain JSON differ, leaf by leaf.
 *
 * @param before one
 * @param now the other
 * @param left names at the top that do not count
 * @param where the words for the two
 * @returns lines such as `recipe.batch: 64 in the run, 32 now`
 */
export function differingLeaves(
  before: object,
  now: object,
  left: readonly string[],
  where: Sides,
): string[] {
  const [old, fresh] = [leaves(before), leaves(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((name) => !left.includes(name.split('.')[0] ?? ''))
    .filter((name) => old.get(name) !== fresh.get(name))
    .map(
      (name) =>
        `${name}: ${old.get(name) ?? 'absent'} ${where[0]}, ${fresh.get(name) ?? 'absent'} ${where[1]}`,
    );
}

function leaves(node: unknown, path = ''): Map<string, string> {
  if (node === null || typeof node !== 'object') return new Map([[path, JSON.stringify(node)]]);
  return new Map(
    Object.entries(node).flatMap(([name, child]) => [
      ...leaves(child, path === '' ? name : `${path}.${name}`),
    ]),
  );
}
