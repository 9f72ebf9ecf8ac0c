import { meanAndDeviation } from '@twocan/evaluate';
import type { Course } from './course.ts';
import type { Measures } from './measure.ts';
import type { Budget, Cell } from './plan.ts';

/** A number of several seeds. */
export type Statistic = {
  readonly values: readonly number[];
  readonly mean: number;
  readonly deviation: number;
};

/** What is known of a run that is done: its accuracies, the course of its training, and how long that took. */
export type Result = Measures & { readonly course?: Course; readonly millis?: number };

/** A line of the table: a row of the grid under one budget. */
export type Line = {
  readonly group: string;
  readonly row: string;
  readonly budget: Budget;
  readonly steps: number;
  /** Operations of the whole training. */
  readonly flops: number;
  readonly seeds: number;
  /** The folders of its runs, seed by seed. */
  readonly runs: readonly string[];
  /** How many of the seeds are done; the rest is yet to run. */
  readonly done: number;
  /** Which of them, counted from 0, in the order of the values. */
  readonly which: readonly number[];
  readonly knn?: Statistic;
  readonly probe?: Statistic;
  readonly effectiveRank?: Statistic;
  /** The denoising loss at the end beside what predicting no noise costs; absent without denoising. */
  readonly denoising?: Statistic;
  /** The share of each term in the encoder's gradient at the end; absent where runs do not log it. */
  readonly shares?: Readonly<Record<string, Statistic>>;
  /** Of each seed that is done. */
  readonly courses: readonly Course[];
};

/** The accuracies that every row is read against. */
export type Baselines = {
  readonly rawPixels: Omit<Measures, 'effectiveRank'>;
  readonly untrained: Measures;
};

/**
 * Brings the measures of runs into lines.
 *
 * @param cells the plan's
 * @param results by name of the run, of those that are done
 * @returns a line for each cell
 */
export function linesOf(cells: readonly Cell[], results: Readonly<Record<string, Result>>): Line[] {
  return cells.map(({ row, budget, steps, flops, runs }) => {
    const which = [...runs.keys()].filter((i) => results[runs[i] ?? ''] !== undefined);
    const done = which.flatMap((i) => results[runs[i] ?? ''] ?? []);
    const [knn, probe, effectiveRank] = (['knn', 'probe', 'effectiveRank'] as const).map((name) =>
      statistic(done.map((measures) => measures[name])),
    );
    const courses = done.flatMap(({ course }) => course ?? []);
    const denoising = statistic(courses.flatMap((course) => course.denoising ?? []));
    const terms = [...new Set(courses.flatMap(({ shares }) => Object.keys(shares)))];
    const shares = terms.flatMap((term) => {
      const share = statistic(courses.flatMap((course) => course.shares[term] ?? []));
      return share === undefined ? [] : [[term, share] as const];
    });
    return {
      group: row.group,
      row: row.name,
      budget,
      steps,
      flops,
      seeds: runs.length,
      runs,
      done: done.length,
      which,
      ...(knn && { knn }),
      ...(probe && { probe }),
      ...(effectiveRank && { effectiveRank }),
      ...(denoising && { denoising }),
      ...(shares.length > 0 && { shares: Object.fromEntries(shares) }),
      courses,
    };
  });
}

/** Nothing of no values. */
const statistic = (values: readonly number[]): Statistic | undefined =>
  values.length === 0 ? undefined : { values, ...meanAndDeviation(values) };
