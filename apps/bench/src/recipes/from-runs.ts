import { isDeepStrictEqual } from 'node:util';
import { termNames } from '@twocan/can';
import { bandOf, curveOf, imagesOfStep, type Recipe } from '@twocan/pretrain';
import { recipeProblems, recipeSettings } from '@twocan/pretrain/settings';
import { median } from '../median.ts';
import { commandOf, type FinishedRun } from './finished-run.ts';

/** The metrics that a recipe has a band of. */
const METRICS = ['loss', ...termNames, 'knn', 'effectiveRank'];

/** Digits of a number of a band: more than can be seen. */
const DIGITS = 4;

/**
 * A recipe from the runs that it was measured by.
 *
 * @param runs finished ones of the same settings, of several seeds and data sets
 * @returns the recipe
 * @throws Error where the runs have other settings than each other, or the recipe would not be one
 */
export function recipeFromRuns(runs: readonly FinishedRun[]): Recipe {
  const [first] = runs;
  if (first === undefined) throw new Error('recipeFromRuns: runs must be one or more, got none');
  const { preset, method, options } = first.config;
  const about = aboutOf(first);
  for (const run of runs) {
    if (isDeepStrictEqual(aboutOf(run), about)) continue;
    throw new Error(
      `${run.path} has other settings than ${first.path}:\n${JSON.stringify(aboutOf(run))}\n${JSON.stringify(about)}`,
    );
  }
  const twice = runs.find(({ name, config: { seed } }, i) =>
    runs.slice(0, i).some((other) => other.name === name && other.config.seed === seed),
  );
  if (twice !== undefined) {
    throw new Error(`${twice.path}: there is another run of ${twice.name} with its seed; give one`);
  }
  if (options.accumulate !== undefined) {
    throw new Error(`${first.path}: a recipe has whole batches; leave --accumulate out`);
  }
  if (options.imageSize !== undefined) {
    throw new Error(`${first.path}: a recipe is of the preset's size; leave --image-size out`);
  }
  const bands = METRICS.flatMap((metric) => {
    const curves = runs.map(({ lines, config }) => curveOf(lines, metric, config.steps));
    const band = bandOf(curves).map(
      ([share, low, high]) => [short(share), short(low), short(high)] as const,
    );
    return band.length === 0 ? [] : [[metric, band] as const];
  });
  const recipe = {
    preset,
    method,
    epochs: options.epochs,
    settings: about.settings,
    runs: runs.map(measured),
    bands: Object.fromEntries(bands),
  };
  const problems = recipeProblems(recipe);
  if (problems.length > 0) throw new Error(`${first.path}: no recipe:\n${problems.join('\n')}`);
  return recipe as Recipe;
}

const short = (value: number): number => Number(value.toPrecision(DIGITS));

/** What the runs of a recipe have in common. */
function aboutOf({ config }: FinishedRun) {
  const { preset, method, options, optimizer } = config;
  const given = { ...config.recipe?.settings, ...options };
  const settings = Object.entries(given).filter(([name]) => Object.hasOwn(recipeSettings, name));
  const together = { batch: imagesOfStep(config), lr: optimizer.learningRate };
  return {
    preset,
    method,
    epochs: options.epochs,
    settings: { ...Object.fromEntries(settings), ...together },
  };
}

/** A run at the pace of its middle step: what else ran on the machine for a while does not count. */
function minutesOf({ lines, config }: FinishedRun): number {
  const millis = (part: typeof lines): number[] => part.map(({ machine }) => machine.millis);
  const evaluations = lines.filter(({ evaluation }) => evaluation !== undefined);
  const steps = lines.filter(({ evaluation }) => evaluation === undefined);
  const evaluating = millis(evaluations).reduce((sum, time) => sum + time, 0);
  return (median(millis(steps)) * config.steps + evaluating) / 60_000;
}

/** What a recipe keeps of a run. */
function measured(run: FinishedRun): Recipe['runs'][number] {
  const { name, config, lines, environment } = run;
  const at = (step: number) =>
    lines.findLast((line) => line.step === step && line.evaluation)?.evaluation;
  const { rawPixels, knn: untrained } = at(0) ?? {};
  const scores = { ...at(config.steps), rawPixels, untrained, ...run.measured };
  const { processor, backend, threads, twocan } = environment;
  return {
    command: commandOf(run),
    data: name,
    seed: config.seed,
    steps: config.steps,
    minutes: short(minutesOf(run)),
    ...{ processor, backend, threads, twocan },
    scores: Object.fromEntries(
      Object.entries(scores).flatMap(([score, value]) =>
        value === undefined ? [] : [[score, short(value)]],
      ),
    ),
  };
}
