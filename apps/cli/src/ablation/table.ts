import { percent } from '../terminal/percent.ts';
import { type TestedClaim, testClaims, type Verdict } from './claims.ts';
import { QUESTIONS } from './grid.ts';
import type { Baselines, Line, Statistic } from './lines.ts';
import type { Budget } from './plan.ts';

/**
 * The table as Markdown, a part for each group, both budgets side by side, and what becomes of the
 * claims about its rows.
 *
 * @param lines of {@link linesOf}
 * @param baselines raw pixels and the untrained encoder
 * @param about one line on what all rows share
 * @returns a whole document
 */
export function markdownOf(lines: readonly Line[], baselines: Baselines, about: string): string {
  const { rawPixels, untrained } = baselines;
  const groups = [...new Set(lines.map(({ group }) => group))];
  const claims = testClaims(lines);
  return [
    '# Ablation',
    about,
    `Raw pixels: k-NN ${percent(rawPixels.knn)}, probe ${percent(rawPixels.probe)}. ` +
      `Untrained encoder: k-NN ${percent(untrained.knn)}, probe ${percent(untrained.probe)}, ` +
      `effective rank ${untrained.effectiveRank.toFixed(1)}.`,
    'Mean ± standard deviation over the seeds; a dash where nothing is done yet.',
    ...groups.flatMap((group) => [
      groupTable(lines.filter((line) => line.group === group)),
      ...claimsTable(claims.filter((claim) => claim.group === group)),
    ]),
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
  return [`## ${group}`, QUESTIONS[group] ?? '', tableOf(['', ...head], body)].join('\n\n');
}

/** Nothing while no claim can be tested. */
function claimsTable(claims: readonly TestedClaim[]): string[] {
  if (claims.length === 0) return [];
  const budgets = [...new Set(claims.map(({ budget }) => budget))];
  const head = budgets.flatMap((budget) => [`k-NN (${TITLES[budget]})`, 'probe']);
  const body = [...new Set(claims.map(({ says }) => says))].map((says) => [
    says,
    ...budgets.flatMap((budget) => {
      const claim = claims.find((one) => one.says === says && one.budget === budget);
      return claim === undefined ? ['–', '–'] : [inPoints(claim.knn), inPoints(claim.probe)];
    }),
  ]);
  return [
    'Claims, in percentage points: the mean difference with its 95% interval over the seeds.',
    tableOf(['claim', ...head], body),
  ];
}

const POINTS = new Intl.NumberFormat('en', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});

function inPoints({ difference, margin, verdict }: Verdict): string {
  const interval = Number.isFinite(margin) ? (100 * margin).toFixed(1) : '∞';
  return `${verdict}: ${POINTS.format(100 * difference)} ± ${interval}`;
}

const tableOf = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

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
