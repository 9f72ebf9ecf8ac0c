import type { FeatureMap } from '../feature-map.ts';
import { escapeHtml } from './html.ts';

const [WIDTH, HEIGHT, MARGIN] = [720, 480, 10];
const MOST_NAMES = 20; // more colours than that nobody tells apart

/**
 * Draws a map of features as SVG, each class in a colour of its own.
 *
 * @param map the map; both axes have one scale
 * @returns an `<svg>` element and its legend
 */
export function drawScatter({ points, classes, step }: FeatureMap): string {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / (right - left || 1),
    (HEIGHT - 2 * MARGIN) / (top - bottom || 1),
  );
  const place = (value: number, middle: number, length: number, sign: number): string =>
    (length / 2 + sign * scale * (value - middle)).toFixed(1);
  const named = classes.length <= MOST_NAMES;
  const dots = points.map(({ x, y, class: label }) => {
    const cx = place(x, (left + right) / 2, WIDTH, 1);
    const cy = place(y, (bottom + top) / 2, HEIGHT, -1);
    if (label === undefined) return `<circle class="dot" cx="${cx}" cy="${cy}" r="3"/>`;
    const name = escapeHtml(classes[label] ?? '');
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colourOf(label, classes.length)}"><title>${name}</title></circle>`;
  });
  const legend = named
    ? classes.map(
        (name, c) =>
          `<span><span style="color:${colourOf(c, classes.length)}">●</span> ${escapeHtml(name)}</span>`,
      )
    : [];
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Map of the features of ${points.length} images after ${step} steps">`,
    ...dots,
    '</svg>',
    ...(legend.length > 0 ? [`<p class="legend">${legend.join('')}</p>`] : []),
  ].join('');
}

/** Hues around the circle, every other one darker: neighbours stay apart, on white and on black. */
const colourOf = (label: number, classes: number): string =>
  `hsl(${Math.round((360 * label) / Math.max(1, classes))} 70% ${label % 2 === 0 ? 45 : 60}%)`;
