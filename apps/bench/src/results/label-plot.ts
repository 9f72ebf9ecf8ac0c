import { meanAndDeviation } from '@twocan/evaluate';

/** Accuracies of one way to learn from labels, a value a seed, in [0, 1]. */
export type LabelRow = {
  readonly how: string;
  readonly labels: number;
  readonly values: readonly number[];
};

const [WIDTH, HEIGHT] = [640, 380];
const PLOT = { left: 72, right: 460, top: 16, bottom: 320 } as const;
const COLOURS = ['#1f6feb', '#8250df', '#9a6700', '#57606a'];
/** How far right of the axis the fewest labels stand. */
const INSET = 24;
/** How far apart two names may stand at the right. */
const LINE = 18;

/**
 * Draws accuracy over the number of labels: a line through the means of each way, a dot a seed.
 *
 * @param rows at least one
 * @returns a whole SVG file
 * @throws RangeError where there are no rows, or one without values
 */
export function labelPlot(rows: readonly LabelRow[]): string {
  if (rows.length === 0 || rows.some(({ values }) => values.length === 0)) {
    throw new RangeError('labelPlot: rows must be one or more, each with a value or more');
  }
  const counts = [...new Set(rows.map(({ labels }) => labels))].sort((a, b) => a - b);
  const [fewest = 1, most = 1] = [counts[0], counts.at(-1)];
  const top = Math.ceil(10 * Math.max(...rows.flatMap(({ values }) => values))) / 10;
  const x = (labels: number): number =>
    PLOT.left +
    INSET +
    (Math.log(labels / fewest) / (Math.log(most / fewest) || 1)) * (PLOT.right - PLOT.left - INSET);
  const y = (share: number): number => PLOT.bottom - (share / top) * (PLOT.bottom - PLOT.top);
  const at = (px: number, py: number): string => `${px.toFixed(1)},${py.toFixed(1)}`;
  const tenths = Array.from({ length: Math.round(10 * top) + 1 }, (_, i) => i / 10);
  const grid = tenths.map(
    (share) =>
      `<path d="M${PLOT.left} ${y(share).toFixed(1)}H${PLOT.right}" stroke="#d9dde2"/><text x="${PLOT.left - 8}" y="${(y(share) + 4).toFixed(1)}" text-anchor="end">${Math.round(100 * share)}%</text>`,
  );
  const axis = counts.map(
    (labels) =>
      `<text x="${x(labels).toFixed(1)}" y="${PLOT.bottom + 20}" text-anchor="middle">${labels.toLocaleString('en')}</text>`,
  );
  const ways = [...new Set(rows.map(({ how }) => how))].map((how, i) => {
    const own = rows.filter((row) => row.how === how).sort((a, b) => a.labels - b.labels);
    const means = own.map(({ labels, values }): readonly [number, number] => [
      x(labels),
      y(meanAndDeviation(values).mean),
    ]);
    const curve = means.map(([px, py]) => at(px, py));
    const dots = own.flatMap(({ labels, values }) =>
      values.map(
        (value) =>
          `<circle cx="${x(labels).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3.5" fill-opacity="0.6"/>`,
      ),
    );
    const [endX = 0, endY = 0] = means.at(-1) ?? [];
    return { how, colour: COLOURS[i % COLOURS.length] as string, curve, dots, endX, endY };
  });
  const drawn = ways.map(
    ({ colour, curve, dots }) =>
      `<g fill="${colour}" stroke="none"><polyline points="${curve.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}</g>`,
  );
  let free = Number.NEGATIVE_INFINITY;
  const names = ways
    .toSorted((a, b) => a.endY - b.endY)
    .map(({ how, colour, endX, endY }) => {
      free = Math.max(endY + 4, free + LINE);
      return `<text x="${(endX + 12).toFixed(1)}" y="${free.toFixed(1)}" fill="${colour}" font-weight="600">${how}</text>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#5c6570">
<title>Accuracy by the number of labels</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${[...grid, ...axis, ...drawn, ...names].join('\n')}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 46}" text-anchor="middle">labelled images</text>
<text transform="translate(18 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">accuracy on test images</text>
</svg>
`;
}
