import { type Html, html } from '../report/html.ts';
import { ends, ticks } from '../report/scale.ts';
import type { TestedClaim, Verdict } from './claims.ts';
import { inPoints } from './table.ts';

const WIDTH = 520;
const PLOT = { left: 16, right: 504, top: 6, claim: 62, axis: 24 } as const;
/** How far below a claim's name its two intervals lie. */
const LANES = { knn: 30, probe: 48 } as const;
const MEASURES = ['knn', 'probe'] as const;

/** The style of the intervals, in the report's colours. */
export const FOREST_STYLE = `
.interval { stroke-width: 2; stroke-linecap: round; } .interval.knn { stroke: var(--curve); } .interval.probe { stroke: var(--untrained); }
.point.knn { fill: var(--curve); } .point.probe { fill: var(--untrained); }
.zero { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3; } svg .claim { fill: var(--ink); font-size: 12px; stroke: var(--card); stroke-width: 5px; paint-order: stroke; }
.charts + p { margin-top: 16px; }
.key.knn::before { border-top: 2px solid var(--curve); } .key.probe::before { border-top: 2px solid var(--untrained); }
`;

/**
 * Draws claims as intervals around their differences: above 0 a claim held, below it did not.
 *
 * @param title what the plot is called
 * @param claims of one budget, at least one
 * @returns an `<svg>` element and its legend
 */
export function forestPlot(title: string, claims: readonly TestedClaim[]): Html {
  const reach = ends([
    0,
    ...claims.flatMap((claim) => MEASURES.flatMap((measure) => reachOf(claim[measure]))),
  ]);
  const marks = ticks(100 * reach.low, 100 * reach.high, 7);
  const [low = 0, high = 1] = [marks[0], marks.at(-1)];
  const bottom = PLOT.top + claims.length * PLOT.claim;
  const x = (points: number): string =>
    (PLOT.left + ((points - low) / (high - low)) * (PLOT.right - PLOT.left)).toFixed(1);
  const grid = marks.map(
    (mark) =>
      html`<path class="${mark === 0 ? 'zero' : 'grid'}" d="M${x(mark)} ${PLOT.top}V${bottom}"/><text x="${x(mark)}" y="${bottom + 16}" text-anchor="middle">${mark > 0 ? '+' : ''}${mark}</text>`,
  );
  const rows = claims.map((claim, i) => {
    const top = PLOT.top + i * PLOT.claim;
    const name = html`<text class="claim" x="${PLOT.left}" y="${top + 15}">${claim.says}</text>`;
    const intervals = MEASURES.map((measure) =>
      intervalOf(claim[measure], measure, { x, y: top + LANES[measure], low, high }),
    );
    return html`${name}${intervals}`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${bottom + PLOT.axis}" role="img" aria-label="${title}">${grid}${rows}</svg><p class="legend"><span class="key knn">k-NN</span><span class="key probe">linear probe</span></p>`;
}

/** The ends of an interval; its point alone where one seed gives it no end. */
function reachOf({ difference, margin }: Verdict): readonly number[] {
  return Number.isFinite(margin) ? [difference - margin, difference + margin] : [difference];
}

function intervalOf(
  verdict: Verdict,
  measure: (typeof MEASURES)[number],
  on: {
    readonly x: (points: number) => string;
    readonly y: number;
    readonly low: number;
    readonly high: number;
  },
): Html {
  const { difference, margin } = verdict;
  const from = Math.max(on.low, 100 * (difference - margin));
  const to = Math.min(on.high, 100 * (difference + margin));
  return html`<path class="interval ${measure}" d="M${on.x(from)} ${on.y}H${on.x(to)}"/><circle class="point ${measure}" cx="${on.x(100 * difference)}" cy="${on.y}" r="4.5"><title>${inPoints(verdict)}</title></circle>`;
}
