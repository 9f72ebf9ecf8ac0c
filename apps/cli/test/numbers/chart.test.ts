import { describe, expect, test } from 'vitest';
import { drawChart } from '../../src/report/chart.ts';
import { type Point, thin, ticks } from '../../src/report/scale.ts';
import { drawLegend, drawScatter } from '../../src/report/scatter.ts';

const all = (text: string, pattern: RegExp): (string | undefined)[][] =>
  [...text.matchAll(pattern)].map((match) => match.slice(1));
const numbers = (text: string, pattern: RegExp): number[][] =>
  all(text, pattern).map((row) => row.map(Number));

describe('a chart', () => {
  const draw = (points: readonly Point[], more: Partial<Parameters<typeof drawChart>[0]> = {}) => {
    const { markup } = drawChart({ title: 'Loss', points, ...more });
    return {
      markup,
      /** Values on the left: where and what. */
      yTicks: all(markup, /<text x="42" y="([\d.]+)" text-anchor="end">(.*?)</g),
      lines: numbers(markup, /class="grid" d="M48 ([\d.]+)H340"/g).flat(),
      xTicks: all(markup, /<text x="([\d.]+)" y="201" text-anchor="middle">(.*?)</g),
      curve: all(markup, /class="curve" points="(.*?)"/g)[0]?.[0]?.split(' '),
      dots: all(markup, /class="dot" cx="([\d.]+)" cy="([\d.]+)" r="3"><title>(.*?)</g),
      levels: numbers(markup, /class="baseline b(\d)" d="M48 ([\d.]+)H340"/g),
      keys: all(markup, /class="key ([^"]*)">(.*?)</g),
      band: all(markup, /class="band" points="(.*?)"/g)[0]?.[0]?.split(' '),
    };
  };

  test('has its points where the axes say', () => {
    const chart = draw([
      [0, 1],
      [10, 2],
      [40, 5],
    ]);
    // 1 to 5 from 184 up to 12, step 0 to 40 from 48 to 340.
    expect(chart.yTicks).toEqual([
      ['188.0', '1'],
      ['145.0', '2'],
      ['102.0', '3'],
      ['59.0', '4'],
      ['16.0', '5'],
    ]);
    expect(chart.lines).toEqual([184, 141, 98, 55, 12]);
    expect(chart.xTicks).toEqual([
      ['48.0', '0'],
      ['194.0', '20'],
      ['340.0', '40'],
    ]);
    expect(chart.curve).toEqual(['48.0,184.0', '121.0,141.0', '340.0,12.0']);
    expect(chart.dots).toEqual([
      ['48.0', '184.0', 'step 0: 1'],
      ['121.0', '141.0', 'step 10: 2'],
      ['340.0', '12.0', 'step 40: 5'],
    ]);
    expect(chart.levels).toEqual([]);
    expect(chart.keys).toEqual([]);
    expect(chart.band).toBeUndefined();
    expect(chart.markup).toContain('viewBox="0 0 360 210"');
    expect(chart.markup).toContain('aria-label="Loss: 5 at step 40"');
  });

  test('holds its baselines, in the format given', () => {
    const chart = draw([[8, 3]], {
      baselines: [
        { label: 'Low', value: 1 },
        { label: 'High', value: 5 },
      ],
      format: (value) => `${value} units`,
    });
    expect(chart.levels).toEqual([
      [0, 184],
      [1, 12],
    ]);
    expect(chart.keys).toEqual([
      ['own', 'Loss'],
      ['b0', 'Low 1 units'],
      ['b1', 'High 5 units'],
    ]);
    expect(chart.yTicks[0]).toEqual(['188.0', '1 units']);
    expect(chart.dots).toEqual([['340.0', '98.0', 'step 8: 3 units']]);
    expect(chart.markup).toContain('aria-label="Loss: 3 units at step 8"');
    expect(chart.xTicks.map(([, step]) => step)).toEqual(['0', '5']);
  });

  test('of the start alone has a step to be drawn in', () => {
    expect(draw([[0, 2]]).dots).toEqual([['48.0', '184.0', 'step 0: 2']]);
  });

  test('has a dot for each of a few points, and a band where there are many', () => {
    const points = (count: number) =>
      Array.from({ length: count }, (_, i): Point => [i + 1, (i % 2) * 4]);
    expect(draw(points(30)).dots).toHaveLength(30);
    expect(draw(points(31)).dots).toHaveLength(0);
    expect(draw(points(240)).band).toBeUndefined();
    const many = draw(points(480));
    expect(many.curve).toHaveLength(240);
    expect(new Set(many.curve?.map((corner) => corner.split(',')[1]))).toEqual(new Set(['98.0']));
    // Along the largest values, and back along the smallest.
    const band = many.band?.map((corner) => corner.split(',').map(Number)) ?? [];
    expect(band).toHaveLength(480);
    expect(band.slice(0, 240).every(([, y]) => y === 12)).toBe(true);
    expect(band.slice(240).every(([, y]) => y === 184)).toBe(true);
    expect(band.map(([x]) => x)).toEqual(band.map(([x]) => x).toReversed());
    expect(many.curve?.map((corner) => Number(corner.split(',')[0]))).toEqual(
      band.slice(0, 240).map(([x]) => x),
    );
  });
});

describe('ticks', () => {
  test.each([
    [0, 10, 5, [0, 5, 10]],
    [0, 8, 5, [0, 2, 4, 6, 8]],
    [0, 4, 5, [0, 1, 2, 3, 4]],
    [1, 5, 5, [1, 2, 3, 4, 5]],
    [-0.3, 0.1, 5, [-0.3, -0.2, -0.1, 0, 0.1]],
    [0.2, 0.7, 2, [0, 0.5, 1]],
    [3, 3, 5, [3, 4]],
    [-3, -3, 5, [-3, -2]],
    [0, 1e6, 3, [0, 500_000, 1_000_000]],
    [1e-9, 3e-9, 3, [1e-9, 2e-9, 3e-9]],
    [0, 7, 1, [0, 10]],
  ])('from %d to %d, about %d', (low, high, count, expected) => {
    const got = ticks(low, high, count);
    expect(got).toHaveLength(expected.length);
    for (const [i, tick] of got.entries()) expect(tick).toBeCloseTo(expected[i] ?? Number.NaN, 12);
  });
});

test('thinning keeps every value in a stretch, in order', () => {
  const points = Array.from({ length: 10 }, (_, i): Point => [i, i * i]);
  const { mean, band } = thin(points, 3);
  expect(mean).toEqual([
    [1, 5 / 3],
    [4, 50 / 3],
    [7.5, 57.5],
  ]);
  expect(band).toEqual([
    [1, 0, 4],
    [4, 9, 25],
    [7.5, 36, 81],
  ]);
  expect(thin(points, 10)).toEqual({ mean: points, band: [] });
});

describe('a map', () => {
  const dots = [
    { x: -2, y: 10, class: 0 },
    { x: 2, y: 10, class: 1 },
    { x: 0, y: 11 },
  ];
  const draw = (): string => drawScatter(dots, ['a', 'b'], 'a map').markup;

  test('has one scale for both axes, in the middle, with up upwards', () => {
    const markup = draw();
    // 4 units across in 536 pixels: 134 each.
    expect(numbers(markup, /cx="([\d.-]+)" cy="([\d.-]+)" r="3.5"/g)).toEqual([
      [12, 307],
      [548, 307],
      [280, 173],
    ]);
    const tall = drawScatter(
      [
        { x: 0, y: 0 },
        { x: 1, y: 456 },
      ],
      [],
      '',
    ).markup;
    expect(numbers(tall, /cx="([\d.-]+)" cy="([\d.-]+)"/g)).toEqual([
      [279.5, 468],
      [280.5, 12],
    ]);
    expect(numbers(drawScatter([{ x: 7, y: 7 }], [], '').markup, /cx="(.*?)" cy="(.*?)"/g)).toEqual(
      [[280, 240]],
    );
    expect(markup).toContain('viewBox="0 0 560 480" role="img" aria-label="a map"');
  });

  test('has the colour and the name of a class where one is known', () => {
    const markup = draw();
    expect(all(markup, /fill="(.*?)"><title>(.*?)</g)).toEqual([
      ['hsl(0 70% 45%)', 'a'],
      ['hsl(180 70% 60%)', 'b'],
    ]);
    expect(markup.match(/<circle [^>]*r="3.5"\/>/g)).toHaveLength(1);
  });

  test('has a legend of up to twenty classes', () => {
    const names = Array.from({ length: 21 }, (_, i) => `class ${i}`);
    expect(drawLegend([]).markup).toBe('');
    expect(drawLegend(names).markup).toBe('');
    const keys = all(drawLegend(names.slice(0, 20)).markup, /color:(.*?)">●<\/span> (.*?)</g);
    expect(keys).toHaveLength(20);
    expect(keys[3]).toEqual(['hsl(54 70% 60%)', 'class 3']);
  });
});
