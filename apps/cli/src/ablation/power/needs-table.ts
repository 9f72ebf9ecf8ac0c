import { duration } from '../../terminal/progress.ts';
import { points, TITLES, tableOf } from '../markdown.ts';
import type { BudgetNeeds, Need, PowerPlan } from './needs.ts';
import { MOST_SEEDS } from './power.ts';

const SPREAD = 'spread of';
const SEEDS = 'seeds by';

type Time = { readonly millis: number | undefined; readonly jobs: number };

/**
 * The plan of an ablation's power as Markdown.
 *
 * @param plan of `planPower`; nothing where there is none
 * @param time.millis of one process for one seed of all rows
 * @param time.jobs how many runs go side by side
 * @returns parts of a document
 */
export function needsMarkdown(plan: PowerPlan | undefined, time: Time): string[] {
  if (plan === undefined) return [];
  const { size, budgets, steps } = plan;
  return [
    `## What a difference of ${plain(size)} needs`,
    'Seeds that find it in four of five ablations, by the spread of the differences of equal seeds ' +
      '(their standard deviation, in points). After "to": where the true spread is the largest that these seeds do not rule out, at 80% confidence.',
    ...budgets.map(needsTable),
    ...(steps.length < 2 ? [] : stepsTable(plan)),
    ...timeLine(plan, time),
  ];
}

const plain = (size: number): string =>
  `${Number((100 * size).toPrecision(4))} point${size === 0.01 ? '' : 's'}`;

function needsTable({ budget, claims, together }: BudgetNeeds): string {
  const head = ['k-NN', 'probe'].flatMap((name) => [`${SPREAD} ${name}`, `${SEEDS} ${name}`]);
  const rows = [...claims, { says: 'all of these together', needs: together }];
  return tableOf(
    [`claim (${TITLES[budget]})`, ...head],
    rows.map(({ says, needs }) => [says, ...cellsOf(needs.knn), ...cellsOf(needs.probe)]),
  );
}

function stepsTable({ steps }: PowerPlan): string[] {
  const learns = steps.some(({ denoising }) => denoising !== undefined);
  return [
    'The same after fewer steps, by k-NN on some of the pictures, while these runs were trained. A schedule ends later ' +
      'than that, so a run of so few steps has somewhat other numbers.' +
      (learns
        ? ' Claims about denoising are tested where its loss is well below 1, what predicting no noise costs.'
        : ''),
    tableOf(
      ['steps', `${SPREAD} k-NN`, `${SEEDS} k-NN`, ...(learns ? ['denoising loss / silence'] : [])],
      steps.map(({ step, denoising, ...need }) => [
        String(step),
        ...cellsOf(need),
        ...(learns ? [denoising?.toFixed(2) ?? '–'] : []),
      ]),
    ),
  ];
}

const count = (seeds: number): string =>
  Number.isFinite(seeds) ? String(seeds) : `more than ${MOST_SEEDS}`;

function cellsOf(need: Need | undefined): string[] {
  if (need === undefined) return ['–', '–'];
  const { seeds, atMost, spread } = need;
  const range = seeds === atMost ? count(seeds) : `${count(seeds)} to ${count(atMost)}`;
  return [points(spread.deviation), range];
}

/** How long the seeds take that all claims together need. */
function timeLine({ budgets }: PowerPlan, { millis, jobs }: Time): string[] {
  if (millis === undefined) return [];
  const needs = budgets.flatMap(({ together: { knn, probe } }) => [knn ?? [], probe ?? []].flat());
  const [seeds, atMost] = (['seeds', 'atMost'] as const).map((name) =>
    Math.max(...needs.map((need) => need[name])),
  );
  const each = millis / jobs;
  const long = (number = Number.NaN): string =>
    Number.isFinite(number) ? `${count(number)} seeds ${duration(number * each)}` : count(number);
  const lanes = jobs === 1 ? 'one run after the other' : `${jobs} runs side by side`;
  const ends = [...new Set([long(seeds), long(atMost)])];
  return [
    `Training of one seed of all rows takes about ${duration(each)} (${lanes}, at the pace so far): ${ends.join(', ')}.`,
  ];
}
