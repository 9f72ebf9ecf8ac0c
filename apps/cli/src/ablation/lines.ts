import { meanAndDeviation } from '@twocan/evaluate';
import type { Measures } from './measure.ts';
import type { Budget, Cell } from './plan.ts';

/** A number of several seeds. */
export type Statistic = {
  readonly values: readonly number[];
  readonly mean: number;
  readonly deviation: number;
};

/** A line of the table: a row of the grid under one budget. */
export type Line = {
  readonly group: string;
  readonly row: string;
  readonly budget: Budget;
  readonly steps: number;
  /** Operations of the whole training. */
  readonly flops: number;
  readonly seeds: number;
  /** How many of the seeds are done; the rest is yet to run. */
  readonly done: number;
  readonly knn?: Statistic;
  readonly probe?: Statistic;
  readonly effectiveRank?: Statistic;
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
 * @param results measures by name of the run, of those that are done
 * @returns a line for each cell
 */
export function linesOf(
  cells: readonly Cell[],
  results: Readonly<Record<string, Measures>>,
): Line[] {
  return cells.map(({ row, budget, steps, flops, runs }) => {
    const done = runs.flatMap((name) => results[name] ?? []);
    const of = (name: keyof Measures): Statistic => {
      const values = done.map((measures) => measures[name]);
      return { values, ...meanAndDeviation(values) };
    };
    return {
      group: row.group,
      row: row.name,
      budget,
      steps,
      flops,
      seeds: runs.length,
      done: done.length,
      ...(done.length > 0 && {
        knn: of('knn'),
        probe: of('probe'),
        effectiveRank: of('effectiveRank'),
      }),
    };
  });
}
