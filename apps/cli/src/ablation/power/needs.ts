import { meanAndDeviation } from '@twocan/evaluate';
import { CLAIMS, findLine, paired, type TestedClaim, type Verdict } from '../claims.ts';
import { ALL_LOSSES } from '../grid.ts';
import type { Line, Result } from '../lines.ts';
import type { Budget, PlannedRun } from '../plan.ts';
import { type NeededSeeds, neededSeeds, pooled, type Spread } from './power.ts';

/** By k-NN, or by the probe. */
export type Measure = 'knn' | 'probe';

/** What a difference of some size needs under one budget. */
export type Need = NeededSeeds & { readonly spread: Spread };

/** What claims need under one budget. */
export type BudgetNeeds = {
  readonly budget: Budget;
  readonly claims: readonly { readonly says: string; readonly needs: Needs }[];
  /** By the common spread of all claims, which fewer seeds know better. */
  readonly together: Needs;
};

/** By both measures; nothing while no claim has two seeds. */
type Needs = { readonly [M in Measure]?: Need };

/** What a claim would need after fewer steps, by k-NN on some pictures. */
export type StepsNeed = Need & {
  readonly step: number;
  /** The denoising loss of the whole method by then, beside what predicting no noise costs. */
  readonly denoising?: number;
};

/** What a difference between two rows needs to be found. */
export type PowerPlan = {
  /** The difference, as a share of the test pictures. */
  readonly size: number;
  readonly budgets: readonly BudgetNeeds[];
  /** In the order of the steps; empty where runs were evaluated at their end alone. */
  readonly steps: readonly StepsNeed[];
};

/**
 * Plans how many seeds, after how many steps, find a difference in four of five ablations, by the
 * spread of those that are done.
 *
 * @param lines of `linesOf`
 * @param claims of `testClaims`
 * @param size the difference, as a share of the test pictures
 * @returns the plan; undefined while no claim has two seeds
 */
export function planPower(
  lines: readonly Line[],
  claims: readonly TestedClaim[],
  size: number,
): PowerPlan | undefined {
  const known = claims.filter(({ knn, probe }) => Math.max(knn.seeds, probe.seeds) > 1);
  if (known.length === 0) return undefined;
  const budgets = [...new Set(known.map(({ budget }) => budget))].map((budget): BudgetNeeds => {
    const own = known.filter((claim) => claim.budget === budget);
    return {
      budget,
      claims: own.map((claim) => ({ says: claim.says, needs: needsOf([claim], size) })),
      together: needsOf(own, size),
    };
  });
  return { size, budgets, steps: needsBySteps(lines, size) };
}

function needsOf(claims: readonly TestedClaim[], size: number): Needs {
  const of = (measure: Measure): Need | undefined =>
    needOf(
      claims.map((claim) => spreadOf(claim[measure])),
      size,
    );
  const [knn, probe] = [of('knn'), of('probe')];
  return { ...(knn && { knn }), ...(probe && { probe }) };
}

const spreadOf = ({ deviation, seeds }: Pick<Verdict, 'deviation' | 'seeds'>): Spread => ({
  deviation,
  df: seeds - 1,
});

function needOf(spreads: readonly Spread[], size: number): Need | undefined {
  const spread = pooled(spreads);
  return spread && { spread, ...neededSeeds(size, spread) };
}

/** By the evaluations between the steps of runs of equal steps. */
function needsBySteps(lines: readonly Line[], size: number): StepsNeed[] {
  const own = lines.filter(({ budget }) => budget === 'steps');
  const whole = own.find(({ row }) => row === ALL_LOSSES) ?? own[0];
  const steps = whole?.courses[0]?.moments.map(({ step }) => step) ?? [];
  return steps.flatMap((step) => {
    const spreads = CLAIMS.flatMap(({ group, better, worse }) => {
      const [one, other] = [better, worse].map((row) => findLine(own, group, row, 'steps'));
      return one && other ? (spreadAt(one, other, step) ?? []) : [];
    });
    const need = needOf(spreads, size);
    const losses = whole?.courses.flatMap((course) => {
      const moment = course.moments.find((one) => one.step === step);
      return moment?.denoising ?? [];
    });
    const denoising = losses?.length ? { denoising: meanAndDeviation(losses).mean } : {};
    return need === undefined ? [] : [{ step, ...need, ...denoising }];
  });
}

/** The spread of the differences of k-NN at a step; undefined for fewer than two. */
function spreadAt(better: Line, worse: Line, step: number): Spread | undefined {
  const at = ({ which, courses }: Line) => {
    const seeds = which.flatMap((seed, i) => {
      const moment = courses[i]?.moments.find((one) => one.step === step);
      return moment === undefined ? [] : [{ seed, knn: moment.knn }];
    });
    return { which: seeds.map(({ seed }) => seed), values: seeds.map(({ knn }) => knn) };
  };
  const both = paired(at(better), at(worse));
  if (both.better.length < 2) return undefined;
  const differences = both.better.map((knn, i) => knn - (both.worse[i] ?? Number.NaN));
  return spreadOf({ ...meanAndDeviation(differences), seeds: differences.length });
}

/**
 * How long one seed of all rows is trained, at the pace of the runs that are done.
 *
 * @param runs those of the plan
 * @param results of those that are done
 * @param seeds how many the plan has of each row
 * @returns milliseconds of one process; undefined while no run is done
 */
export function millisOfSeed(
  runs: readonly PlannedRun[],
  results: Readonly<Record<string, Result>>,
  seeds: number,
): number | undefined {
  const done = runs.filter(({ name }) => results[name]?.millis !== undefined);
  const millis = done.reduce((sum, { name }) => sum + (results[name]?.millis ?? 0), 0);
  const flops = (some: readonly PlannedRun[]): number =>
    some.reduce((sum, run) => sum + run.flops, 0);
  return done.length === 0 ? undefined : ((millis / flops(done)) * flops(runs)) / seeds;
}
