import { type PresetName, presetNames } from '@twocan/vit';
import * as v from 'valibot';
import { type MethodName, methodNames, methodSettings } from '../settings/method.ts';
import { choice, number, text, whole } from '../settings/setting.ts';
import { TRAINING } from '../settings/training.ts';
import { VIEWS } from '../settings/views.ts';

/** An object without some of its names. */
const without = <T extends object, K extends keyof T>(all: T, ...names: readonly K[]): Omit<T, K> =>
  Object.fromEntries(
    Object.entries(all).filter(([name]) => !names.includes(name as K)),
  ) as unknown as Omit<T, K>;

/** What a recipe may set: what is learned and how, but not on which sizes, for how long, or in which pieces. */
export const recipeSettings = {
  ...VIEWS,
  ...without(methodSettings(), 'preset', 'imageSize', 'method'),
  ...without(
    TRAINING,
    ...(['epochs', 'steps', 'seed', 'checkpointEvery', 'shareEvery'] as const),
    ...(['accumulate', 'microBatch'] as const),
  ),
  // A rate is one of a batch: neither says anything without the other.
  batch: whole({ min: 2 }),
  lr: number({ above: 0 }),
};

const positive = number({ above: 0 });
const anyNumber = v.pipe(v.number(), v.finite());

/** A run that a recipe was measured by. */
const RUN = v.strictObject({
  command: text,
  data: text,
  seed: whole({ min: 0 }),
  steps: whole({ min: 1 }),
  minutes: positive,
  processor: text,
  backend: text,
  threads: v.nullable(whole({ min: 1 })),
  twocan: text,
  /** The last evaluation, k-NN's baselines and the probe: accuracies are shares in [0, 1]. */
  scores: v.record(text, anyNumber),
});

/** A point of a band: share of the run, low and high. */
const POINT = v.strictTuple([number({ min: 0, max: 1 }), anyNumber, anyNumber]);

/** A recipe as its file has it. */
export const RECIPE = v.strictObject({
  preset: choice(presetNames),
  method: choice(methodNames),
  epochs: positive,
  settings: v.strictObject(recipeSettings),
  runs: v.pipe(v.array(RUN), v.minLength(1)),
  /** By the name of the metric: between which values the curves of the runs lie. */
  bands: v.record(text, v.pipe(v.array(POINT), v.minLength(1))),
});

/** The settings of a recipe; those that it does not name are the paper's. */
export type RecipeSettings = v.InferInput<typeof RECIPE>['settings'];

/** Settings of a preset that were found by measurement, for runs of about so many epochs. */
export type Recipe = {
  readonly preset: PresetName;
  readonly method: MethodName;
  readonly epochs: number;
  readonly settings: RecipeSettings;
  readonly runs: readonly Readonly<v.InferInput<typeof RUN>>[];
  readonly bands: Readonly<Record<string, Band>>;
};

/** Where the curves of a recipe's runs lie, in order of the first number. */
export type Band = readonly (readonly [share: number, low: number, high: number])[];

/**
 * What is wrong with a recipe.
 *
 * @param recipe anything
 * @returns a line for each problem, by the path of the value; none where it is a recipe
 */
export function recipeProblems(recipe: unknown): string[] {
  const { issues = [] } = v.safeParse(RECIPE, recipe);
  return issues.map((issue) => `${v.getDotPath(issue) ?? 'the recipe'}: ${issue.message}`);
}

/**
 * The name of a recipe.
 *
 * @param recipe its preset and length
 * @returns such as `micro32-40`
 */
export const recipeName = ({ preset, epochs }: Pick<Recipe, 'preset' | 'epochs'>): string =>
  `${preset}-${epochs}`;
