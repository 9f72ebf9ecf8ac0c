import { resolve } from 'node:path';
import type { BackendName } from '@twocan/backend';
import { type CanConfig, methodCost } from '@twocan/can';
import {
  differences as differingLeaves,
  type PretrainConfig,
  type RecipeUsed,
  resolveConfig,
  resolveModel as resolveMethod,
  type Sides,
  type StartingPoint,
} from '@twocan/pretrain';
import { PAPER, pretrainSettings } from '@twocan/pretrain/settings';
import { flagOf } from '../args/flag-name.ts';
import { type Options, onlySettings, SETTINGS } from '../args/options.ts';
import { isPlace, labelOf } from '../files/path-names.ts';
import { reasonOf, usageError } from '../terminal/failure.ts';
import type { ImagesIdentity } from './data-identity.ts';
import { checkMemory } from './enough-memory.ts';

/**
 * A run, resolved, and where its images lie: together with them and this version of twocan it is
 * enough to rerun. This is config.json.
 */
export type RunConfig = PretrainConfig & {
  readonly version: 1;
  /** `shapes:COUNT`, or the absolute path of a folder. */
  readonly data: string;
  /** By what the files of a folder are known again when they have moved; absent in old runs, and for drawn images. */
  readonly images?: ImagesIdentity;
  /** Which labelled pictures k-NN is taken on; null where there are none. */
  readonly evaluation: string | null;
  /** The weights that the run began with, and the SHA-256 of their files; absent where they were drawn. */
  readonly init?: { readonly from: string; readonly sha256: string };
  /** What was chosen, never `auto`: results are bitwise the same only on the same backend. */
  readonly backend: BackendName;
  /** The flags the run was started with; everything above follows from them. */
  readonly options: Options;
};

/**
 * A short name for a run without --out.
 *
 * @param options the flags
 * @returns such as `shapes-micro32`
 */
export function runLabel({ data = 'shapes', init, preset }: Options): string {
  const sizes = init === undefined ? (preset ?? SETTINGS.preset.default) : labelOf(resolve(init));
  return `${labelOf(resolve(data))}-${sizes}`;
}

/** Where the settings that a run was not given come from. Runs of versions without recipes had the papers'. */
export const recipeBefore = ({ recipe = PAPER }: Pick<RunConfig, 'recipe'>): RecipeUsed => recipe;

/** What the config needs to know of the opened data. */
export type DataFacts = {
  readonly source: string;
  readonly length: number;
  readonly evaluation?: { readonly source: string };
  readonly images?: ImagesIdentity;
  /** Processes that share each batch; one by default. */
  readonly ranks?: number;
};

/** Weights that a run begins with. */
export type Beginning = {
  readonly start: StartingPoint;
  readonly init: NonNullable<RunConfig['init']>;
};

/**
 * The method's config. Every problem with it is reported as wrong usage.
 *
 * @param options the flags
 * @param start sizes of weights, in place of the preset's
 * @param recipe where settings that are not given come from; by default that of preset, method and length
 * @returns the resolved config of preset and method with the flags on top
 * @throws Failure (exit code 2) with all problems that the method finds
 */
export const resolveModel = (
  options: Options,
  start?: StartingPoint,
  recipe?: RecipeUsed,
): CanConfig => inFlags(() => resolveMethod(onlySettings(options), start, recipe));

/** Errors name settings, which are flags here: `maskRatio must …` is of `--mask-ratio`. */
function inFlags<T>(resolved: () => T): T {
  try {
    return resolved();
  } catch (error) {
    const flag = (name: string): string =>
      Object.hasOwn(pretrainSettings, name) ? `--${flagOf(name)}` : name;
    const text = reasonOf(error)
      .replace(/^\w+(?= must )/gm, flag)
      .replace(/\(\w+(?:, \w+)*\)/g, (names) => names.replace(/\w+/g, flag));
    throw usageError(text, error);
  }
}

/**
 * Resolves flags to a run.
 *
 * @param options the flags
 * @param data what was opened
 * @param backend what was chosen
 * @param beginning the weights that it begins with
 * @param used where settings that are not given come from; by default that of preset, method and length
 * @returns the config
 * @throws Failure (exit code 2) for settings that do not fit each other or the data, or too little memory
 */
export function resolveRun(
  options: Options,
  data: DataFacts,
  backend: BackendName,
  beginning?: Beginning,
  used?: RecipeUsed,
): RunConfig {
  const { batch = 1 } = options;
  if (batch > data.length) {
    throw usageError(`--batch ${batch} is more than the ${data.length} images of ${data.source}`);
  }
  const { preset, method, recipe, seed, checkpointEvery, ...rest } = inFlags(() =>
    resolveConfig(onlySettings(options), data, beginning?.start, used),
  );
  const sizes = '--image-size or --preset';
  const images = Math.ceil((rest.microBatch ?? rest.batch) / (data.ranks ?? 1));
  checkMemory({ cost: methodCost(rest.model), batch: images, backend, sizes });
  return {
    version: 1,
    data: data.source,
    ...(data.images === undefined ? {} : { images: data.images }),
    evaluation: data.evaluation?.source ?? null,
    preset,
    method,
    ...(recipe && { recipe }),
    ...rest,
    seed,
    ...(beginning && { init: beginning.init }),
    backend,
    checkpointEvery,
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
  // What a recipe sets counts by what it leads to.
  const left = ['options', 'recipe', ...places, ...(before.images === undefined ? ['images'] : [])];
  return differingLeaves(before, now, { without: left, sides: where });
}
