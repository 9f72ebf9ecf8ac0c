import { documentOf, type Html, html } from '../report/html.ts';
import { ends, ticks } from '../report/scale.ts';
import { STYLE } from '../report/style.ts';
import { percent } from '../terminal/percent.ts';
import { type TestedClaim, testClaims } from './claims.ts';
import { FOREST_STYLE, forestPlot } from './forest.ts';
import { QUESTIONS } from './grid.ts';
import type { Baselines, Line, Statistic } from './lines.ts';
import { TITLES } from './markdown.ts';

const WIDTH = 520;
const PLOT = { left: 190, right: 500, top: 10, row: 26, axis: 24 } as const;

/**
 * The ablation as one HTML file: a plot for each group, measure and budget, and the claims about each
 * group as intervals.
 *
 * @param lines of `linesOf`
 * @param baselines raw pixels and the untrained encoder
 * @param about one line on what all rows share
 * @returns a whole document
 */
export function ablationPage(lines: readonly Line[], baselines: Baselines, about: string): string {
  const groups = [...new Set(lines.map(({ group }) => group))];
  const budgets = [...new Set(lines.map(({ budget }) => budget))];
  const claims = testClaims(lines);
  const plots = groups.map((group) => {
    const figures = budgets.flatMap((budget) =>
      (['knn', 'probe'] as const).map((measure) => {
        const own = lines.filter((line) => line.group === group && line.budget === budget);
        const title = `${measure === 'knn' ? 'k-NN' : 'Linear probe'}, ${TITLES[budget]}`;
        const levels = [baselines.rawPixels[measure], baselines.untrained[measure]];
        const drawn = dotPlot(
          title,
          own.map((line) => ({ name: line.row, statistic: line[measure] })),
          levels,
        );
        return html`<figure class="chart"><h3>${title}</h3>${drawn}</figure>`;
      }),
    );
    return html`<h2>${group}</h2><p class="faint">${QUESTIONS[group] ?? ''}</p><div class="charts wide">${figures}</div>${claimPlots(claims.filter((claim) => claim.group === group))}`;
  });
  return documentOf('twocan ablation', `${STYLE}${MEAN}${FOREST_STYLE}`, [
    html`<h1>Ablation</h1>`,
    html`<p class="faint">${about}</p>`,
    html`<p class="faint">Top-1 accuracy. A dot is a seed, the upright line their mean, the bar one standard deviation to each side; dashed lines are raw pixels and the untrained encoder.</p>`,
    ...plots,
  ]);
}

const MEAN = '.mean { stroke: var(--curve); stroke-width: 2; }';

/** Nothing while no claim can be tested. */
function claimPlots(claims: readonly TestedClaim[]): Html {
  if (claims.length === 0) return html``;
  const figures = [...new Set(claims.map(({ budget }) => budget))].map((budget) => {
    const title = `Claims, ${TITLES[budget]}`;
    const own = claims.filter((claim) => claim.budget === budget);
    return html`<figure class="chart"><h3>${title}</h3>${forestPlot(title, own)}</figure>`;
  });
  return html`<p class="faint">Claims, in percentage points: the mean difference over equal seeds with its 95% interval. Right of 0 a claim holds, left of 0 it does not; an interval that contains 0 decides nothing.</p><div class="charts wide">${figures}</div>`;
}

type Entry = { readonly name: string; readonly statistic: Statistic | undefined };

/** Rows of dots over one axis. */
function dotPlot(title: string, entries: readonly Entry[], levels: readonly number[]): Html {
  const values = [...entries.flatMap(({ statistic }) => reachOf(statistic)), ...levels];
  const reach = ends(values);
  const marks = ticks(reach.low, reach.high, 5);
  const [low = 0, high = 1] = [marks[0], marks.at(-1)];
  const bottom = PLOT.top + entries.length * PLOT.row;
  const x = (value: number): string =>
    (PLOT.left + ((value - low) / (high - low)) * (PLOT.right - PLOT.left)).toFixed(1);
  const grid = marks.map(
    (mark) =>
      html`<path class="grid" d="M${x(mark)} ${PLOT.top}V${bottom}"/><text x="${x(mark)}" y="${bottom + 16}" text-anchor="middle">${percent(mark)}</text>`,
  );
  const dashed = levels.map(
    (level, i) => html`<path class="baseline b${i}" d="M${x(level)} ${PLOT.top}V${bottom}"/>`,
  );
  const rows = entries.map(({ name, statistic }, i) => {
    const y = PLOT.top + (i + 0.5) * PLOT.row;
    const label = html`<text x="${PLOT.left - 8}" y="${y + 4}" text-anchor="end">${name}</text>`;
    return statistic === undefined ? label : html`${label}${marksOf(statistic, x, y)}`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${bottom + PLOT.axis}" role="img" aria-label="${title}">${grid}${dashed}${rows}</svg>`;
}

/** All that is drawn of a row: the dots, and both ends of the bar. */
function reachOf(statistic: Statistic | undefined): readonly number[] {
  if (statistic === undefined) return [];
  const { values, mean, deviation } = statistic;
  return [...values, mean - deviation, mean + deviation];
}

function marksOf(
  { values, mean, deviation }: Statistic,
  x: (value: number) => string,
  y: number,
): Html {
  const dots = values.map(
    (value) =>
      html`<circle class="dot" cx="${x(value)}" cy="${y}" r="3"><title>${percent(value)}</title></circle>`,
  );
  return html`<path class="grid" style="stroke-width:6" d="M${x(mean - deviation)} ${y}H${x(mean + deviation)}"/>${dots}<path class="mean" d="M${x(mean)} ${y - 8}V${y + 8}"/>`;
}
