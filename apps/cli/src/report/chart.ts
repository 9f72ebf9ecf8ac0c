import { type Html, html } from './html.ts';
import { brief, type Point, thin, ticks } from './scale.ts';

/** From low to high at a step. */
export type Span = readonly [step: number, low: number, high: number];

/** A curve with its steps on the x axis. */
export type Chart = {
  readonly title: string;
  readonly points: readonly Point[];
  /** Levels to compare with, drawn as dashed lines. */
  readonly baselines?: readonly { readonly label: string; readonly value: number }[];
  /** Where curves of other runs lie: step, low, high; drawn behind the curve. */
  readonly reference?: { readonly label: string; readonly band: readonly Span[] };
  /** Values that the y axis has in any case. */
  readonly shown?: readonly number[];
  /** How a value is written; default {@link brief}. */
  readonly format?: (value: number) => string;
};

const [WIDTH, HEIGHT] = [360, 210];
const PLOT = { left: 48, right: 340, top: 12, bottom: 184 } as const;
const MOST_POINTS = 240; // more than there are pixels for
const FEW_POINTS = 30; // each gets a dot

/**
 * Draws a chart as SVG that takes its colours from the page.
 *
 * @param chart what to draw; without points the chart is a note
 * @returns an `<svg>` element
 */
export function drawChart(chart: Chart): Html {
  const { title, points, baselines = [], reference, shown = [], format = brief } = chart;
  const last = points.at(-1);
  if (last === undefined) return html`<p class="empty">No values yet.</p>`;
  const { mean, band } = thin(points, MOST_POINTS);
  const behind = reference?.band ?? [];
  const values = [
    ...shown,
    ...points.map(([, y]) => y),
    ...baselines.map(({ value }) => value),
    ...behind.flatMap(([, least, most]) => [least, most]),
  ];
  const [low, high] = values.reduce(([least, most], v) => [Math.min(least, v), Math.max(most, v)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
  const yTicks = ticks(low, high, 5);
  const [bottom = 0, top = 1] = [yTicks[0], yTicks.at(-1)];
  const [from, to] = [
    Math.min(points[0]?.[0] ?? 0, 0),
    Math.max(last[0], behind.at(-1)?.[0] ?? 0, 1),
  ];
  const x = (step: number): number =>
    PLOT.left + ((step - from) / (to - from)) * (PLOT.right - PLOT.left);
  const y = (value: number): number =>
    PLOT.bottom - ((value - bottom) / (top - bottom)) * (PLOT.bottom - PLOT.top);
  const at = (px: number, py: number): string => `${px.toFixed(1)},${py.toFixed(1)}`;
  const area = (spans: readonly Span[], kind: string): Html | string => {
    const edge = [
      ...spans.map(([step, , most]) => at(x(step), y(most))),
      ...spans.toReversed().map(([step, least]) => at(x(step), y(least))),
    ];
    return spans.length > 0 ? html`<polygon class="${kind}" points="${edge.join(' ')}"/>` : '';
  };
  const xTicks = ticks(from, to, 4).filter((step) => step <= to);
  const grid = yTicks.map(
    (tick) =>
      html`<path class="grid" d="M${PLOT.left} ${y(tick).toFixed(1)}H${PLOT.right}"/><text x="${PLOT.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${format(tick)}</text>`,
  );
  const axis = xTicks.map(
    (tick) =>
      html`<text x="${x(tick).toFixed(1)}" y="${PLOT.bottom + 17}" text-anchor="middle">${brief(tick)}</text>`,
  );
  const levels = baselines.map(
    ({ value }, i) =>
      html`<path class="baseline b${i}" d="M${PLOT.left} ${y(value).toFixed(1)}H${PLOT.right}"/>`,
  );
  const curve = mean.map(([step, value]) => at(x(step), y(value))).join(' ');
  const dots = (points.length <= FEW_POINTS ? points : []).map(
    ([step, value]) =>
      html`<circle class="dot" cx="${x(step).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3"><title>step ${step}: ${format(value)}</title></circle>`,
  );
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${format(last[1])} at step ${last[0]}">${area(behind, 'reference')}${grid}${axis}${area(band, 'band')}${levels}<polyline class="curve" points="${curve}"/>${dots}</svg>${legend(chart)}`;
}

/** Which line is which, where there are several. */
function legend({ title, baselines = [], reference, format = brief }: Chart): Html {
  const shown = reference !== undefined && reference.band.length > 0 ? reference : undefined;
  if (baselines.length === 0 && shown === undefined) return html``;
  const lines = baselines.map(
    ({ label, value }, i) => html`<span class="key b${i}">${label} ${format(value)}</span>`,
  );
  const band = shown === undefined ? '' : html`<span class="key area">${shown.label}</span>`;
  return html`<p class="legend"><span class="key own">${title}</span>${lines}${band}</p>`;
}
