import uPlot from 'uplot';
import { h } from './dom.ts';

/** A curve: what it is called, and the name of its colour in the style sheet. */
export type Curve = { readonly label: string; readonly colour: string; readonly dashed?: boolean };

/** A chart of some curves over steps. */
export type Chart = {
  readonly element: HTMLElement;
  /** Begins anew, with other curves. */
  readonly begin: (curves: readonly Curve[]) => void;
  /** Adds values of a step, one a curve; nothing where a curve has none. */
  readonly add: (step: number, values: readonly (number | undefined)[]) => void;
};

const HEIGHT = 190;

const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/**
 * Makes a chart. It draws once a frame at most, whatever is added.
 *
 * @param label what a screen reader says
 * @returns the chart
 */
export function makeChart(label: string): Chart {
  const waiting = h('p', { class: 'waiting' }, 'It begins with the first step.');
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': label }, waiting);
  const legend = h('ul', { class: 'legend' });
  let plot: uPlot | undefined;
  let data: (number | null)[][] = [[]];
  let values: HTMLElement[] = [];
  let waits = false;
  const draw = (): void => {
    waits = false;
    plot?.setData(data as uPlot.AlignedData);
  };
  const drawSoon = (): void => {
    if (!waits) requestAnimationFrame(draw);
    waits = true;
  };
  new ResizeObserver(() => {
    if (plot && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot?.redraw(false));
  const axis: uPlot.Axis = {
    stroke: () => colourOf('quiet'),
    grid: { stroke: () => colourOf('line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    element: h('div', {}, place, legend),
    begin(curves) {
      plot?.destroy();
      data = [[], ...curves.map(() => [])];
      waiting.hidden = false;
      values = curves.map(() => h('b', {}, '–'));
      legend.replaceChildren(
        ...curves.map(({ label: own, colour, dashed }, i) =>
          h(
            'li',
            {},
            h('span', { class: `swatch ${colour}${dashed ? ' dashed' : ''}` }),
            own,
            ' ',
            values[i],
          ),
        ),
      );
      const options: uPlot.Options = {
        width: Math.max(200, place.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false } },
        axes: [
          { ...axis, size: 28 },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          ...curves.map(({ label: own, colour, dashed }) => ({
            label: own,
            stroke: () => colourOf(colour),
            width: 2,
            spanGaps: true,
            // A single value is no line yet.
            points: { show: () => data[0]?.length === 1, size: 7 },
            ...(dashed && { dash: [6, 5] }),
          })),
        ],
      };
      plot = new uPlot(options, data as uPlot.AlignedData, place);
    },
    add(step, added) {
      data[0]?.push(step);
      waiting.hidden = true;
      added.forEach((value, i) => {
        data[i + 1]?.push(value ?? null);
        const shown = values[i];
        if (shown && value !== undefined) shown.textContent = value.toPrecision(3);
      });
      drawSoon();
    },
  };
}
