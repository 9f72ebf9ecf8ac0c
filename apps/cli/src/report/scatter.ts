import type { Dot } from '@twocan/pretrain';
import { type Html, html } from './html.ts';
import { ends } from './scale.ts';

const [WIDTH, HEIGHT, MARGIN] = [560, 480, 12];
const MOST_NAMES = 20; // more colours are hard to distinguish

/**
 * Draws a map of features as SVG, each class in a colour of its own.
 *
 * @param dots where the images lie; both axes have one scale
 * @param classes their names
 * @param label what the map shows, for those who do not see it
 * @returns an `<svg>` element
 */
export function drawScatter(dots: readonly Dot[], classes: readonly string[], label: string): Html {
  const across = range(dots.map(({ x }) => x));
  const up = range(dots.map(({ y }) => y));
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / (across.length || 1),
    (HEIGHT - 2 * MARGIN) / (up.length || 1),
  );
  const drawn = dots.map(({ x, y, class: of }) => {
    const cx = (WIDTH / 2 + scale * (x - across.middle)).toFixed(1);
    const cy = (HEIGHT / 2 - scale * (y - up.middle)).toFixed(1);
    const place = html`class="dot" cx="${cx}" cy="${cy}" r="3.5"`;
    if (of === undefined) return html`<circle ${place}/>`;
    return html`<circle ${place} fill="${colourOf(of, classes.length)}"><title>${classes[of] ?? ''}</title></circle>`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${drawn}</svg>`;
}

/**
 * The names of a map's colours.
 *
 * @param classes the names
 * @returns a paragraph; empty where there are none, or too many to distinguish
 */
export function drawLegend(classes: readonly string[]): Html {
  if (classes.length === 0 || classes.length > MOST_NAMES) return html``;
  const names = classes.map(
    (name, c) =>
      html`<span><span style="color:${colourOf(c, classes.length)}">●</span> ${name}</span>`,
  );
  return html`<p class="legend">${names}</p>`;
}

function range(values: readonly number[]): { readonly middle: number; readonly length: number } {
  const { low, high } = ends(values);
  return { middle: (low + high) / 2, length: high - low };
}

/** Hues around the circle, every other one darker: neighbours stay apart, on white and on black. */
const colourOf = (label: number, classes: number): string =>
  `hsl(${Math.round((360 * label) / Math.max(1, classes))} 70% ${label % 2 === 0 ? 45 : 60}%)`;
