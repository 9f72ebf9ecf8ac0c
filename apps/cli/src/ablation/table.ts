import { meanAndDeviation } from '@twocan/evaluate';
import { percent } from '../percent.ts';
import { QUESTIONS } from './grid.ts';
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
      ...{ group: row.group, row: row.name, budget, steps, flops },
      ...{ seeds: runs.length, done: done.length },
      ...(done.length > 0 && {
        knn: of('knn'),
        probe: of('probe'),
        effectiveRank: of('effectiveRank'),
      }),
    };
  });
}

/**
 * The table as Markdown, a part for each group, both budgets side by side.
 *
 * @param lines of {@link linesOf}
 * @param baselines raw pixels and the untrained encoder
 * @param about one line that says what all rows share
 * @returns a whole document
 */
export function markdownOf(lines: readonly Line[], baselines: Baselines, about: string): string {
  const { rawPixels, untrained } = baselines;
  const groups = [...new Set(lines.map(({ group }) => group))];
  return [
    '# Ablation',
    about,
    `Raw pixels: k-NN ${percent(rawPixels.knn)}, probe ${percent(rawPixels.probe)}. ` +
      `Untrained encoder: k-NN ${percent(untrained.knn)}, probe ${percent(untrained.probe)}, ` +
      `effective rank ${untrained.effectiveRank.toFixed(1)}.`,
    'Mean ± standard deviation over the seeds; a dash where nothing is done yet.',
    ...groups.map((group) => groupTable(lines.filter((line) => line.group === group))),
  ]
    .join('\n\n')
    .concat('\n');
}

const TITLES: Readonly<Record<Budget, string>> = { steps: 'equal steps', flops: 'equal FLOPs' };

function groupTable(lines: readonly Line[]): string {
  const group = lines[0]?.group ?? '';
  const budgets = [...new Set(lines.map(({ budget }) => budget))];
  const rows = [...new Set(lines.map(({ row }) => row))];
  const head = budgets.flatMap((budget) => [
    `steps (${TITLES[budget]})`,
    ...['k-NN', 'probe', 'rank', 'seeds'],
  ]);
  const body = rows.map((row) => [
    row,
    ...budgets.flatMap((budget) =>
      lines.filter((line) => line.row === row && line.budget === budget).flatMap(cellsOf),
    ),
  ]);
  const all = [['', ...head], ['---', ...head.map(() => '---')], ...body];
  return [
    `## ${group}`,
    QUESTIONS[group] ?? '',
    all.map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
  ].join('\n\n');
}

function cellsOf({ steps, knn, probe, effectiveRank, done, seeds }: Line): string[] {
  return [
    String(steps),
    inPercent(knn),
    inPercent(probe),
    effectiveRank === undefined ? '–' : effectiveRank.mean.toFixed(1),
    done === seeds ? String(seeds) : `${done} of ${seeds}`,
  ];
}

const inPercent = (statistic: Statistic | undefined): string =>
  statistic === undefined
    ? '–'
    : `${percent(statistic.mean)} ± ${(100 * statistic.deviation).toFixed(1)}`;
