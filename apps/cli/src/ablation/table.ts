import { percent } from '../terminal/percent.ts';
import { type TestedClaim, testClaims, type Verdict } from './claims.ts';
import { QUESTIONS } from './grid.ts';
import type { Baselines, Line, Statistic } from './lines.ts';
import { points, TITLES, tableOf } from './markdown.ts';

/**
 * The table as Markdown, a part for each group, both budgets side by side, and what becomes of the
 * claims about its rows.
 *
 * @param lines of {@link linesOf}
 * @param baselines raw pixels and the untrained encoder
 * @param about one line on what all rows share
 * @param needs what follows the groups, of {@link needsMarkdown}
 * @returns a whole document
 */
export function markdownOf(
  lines: readonly Line[],
  baselines: Baselines,
  about: string,
  needs: readonly string[] = [],
): string {
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
    ...needs,
  ]
    .join('\n\n')
    .concat('\n');
}

function groupTable(lines: readonly Line[]): string {
  const group = lines[0]?.group ?? '';
  const budgets = [...new Set(lines.map(({ budget }) => budget))];
  const rows = [...new Set(lines.map(({ row }) => row))];
  const more = extraColumns(lines);
  const head = budgets.flatMap((budget) => [
    `steps (${TITLES[budget]})`,
    ...['k-NN', 'probe', 'rank', ...more.map(({ name }) => name), 'seeds'],
  ]);
  const body = rows.map((row) => [
    row,
    ...budgets.flatMap((budget) =>
      lines
        .filter((line) => line.row === row && line.budget === budget)
        .flatMap((line) => cellsOf(line, more)),
    ),
  ]);
  return [`## ${group}`, QUESTIONS[group] ?? '', tableOf(['', ...head], body)].join('\n\n');
}

/** A column that a group has if one of its lines has the number. */
type Extra = { readonly name: string; readonly of: (line: Line) => string | undefined };

function extraColumns(lines: readonly Line[]): Extra[] {
  const terms = [...new Set(lines.flatMap(({ shares = {} }) => Object.keys(shares)))];
  const extras: readonly Extra[] = [
    { name: 'denoising loss / silence', of: ({ denoising }) => denoising?.mean.toFixed(2) },
    ...terms.map(
      (term): Extra => ({
        name: `share of ${term}`,
        of: ({ shares }) => shares?.[term] && percent(shares[term].mean),
      }),
    ),
  ];
  return extras.filter(({ of }) => lines.some((line) => of(line) !== undefined));
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
    'Claims, in percentage points: the mean difference with its 95% interval over the seeds; in brackets the smallest true difference that so many seeds find in four of five ablations.',
    tableOf(['claim', ...head], body),
  ];
}

const POINTS = new Intl.NumberFormat('en', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});

/**
 * A claim's difference as text.
 *
 * @param verdict of the claim
 * @returns such as `within noise: +0.5 ± 1.2 (1.6)`; `+0.5, one seed` where nothing says how it spreads
 */
export function inPoints({ difference, margin, detectable, verdict, seeds }: Verdict): string {
  const found = POINTS.format(100 * difference);
  if (seeds < 2) return `${found}, one seed`;
  return `${verdict}: ${found} ± ${points(margin)} (${points(detectable)})`;
}

function cellsOf(line: Line, more: readonly Extra[]): string[] {
  const { steps, knn, probe, effectiveRank, done, seeds } = line;
  return [
    String(steps),
    inPercent(knn),
    inPercent(probe),
    effectiveRank === undefined ? '–' : effectiveRank.mean.toFixed(1),
    ...more.map(({ of }) => of(line) ?? '–'),
    done === seeds ? String(seeds) : `${done} of ${seeds}`,
  ];
}

/** A single seed has no deviation. */
function inPercent(statistic: Statistic | undefined): string {
  if (statistic === undefined) return '–';
  const { values, mean, deviation } = statistic;
  return values.length > 1 ? `${percent(mean)} ± ${(100 * deviation).toFixed(1)}` : percent(mean);
}
