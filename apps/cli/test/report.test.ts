import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawChart } from '../src/report/chart.ts';
import { brief, thin, ticks } from '../src/report/scale.ts';
import { drawScatter } from '../src/report/scatter.ts';
import { drawPhotos, metricsOf, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);

test.each([
  [0, 1, [0, 0.5, 1], 3],
  [0.13, 0.87, [0, 0.2, 0.4, 0.6, 0.8, 1], 5],
  [-1.3, -0.8, [-1.4, -1.2, -1, -0.8], 4],
  [2, 2, [2, 4], 2],
  [0, 0, [0, 1], 2],
])('ticks from %d to %d are round and cover the range', (low, high, expected, count) => {
  expect(ticks(low, high, count)).toEqual(expected);
});

test('numbers as a person writes them', () => {
  expect([0, 0.00423, 1.5, 1234.6, 12_345, 3e-6, -0.25].map(brief)).toEqual([
    ...['0', '0.00423', '1.5', '1235', '12.3k', '3e-6', '-0.25'],
  ]);
});

test('a long curve keeps its means and its extremes', () => {
  const points = Array.from({ length: 1000 }, (_, i): [number, number] => [i, i % 10]);
  const { mean, band } = thin(points, 100);
  expect(mean).toHaveLength(100);
  expect(mean.every(([, y]) => y === 4.5)).toBe(true);
  expect(band.every(([, low, high]) => low === 0 && high === 9)).toBe(true);
  expect(thin(points.slice(0, 5), 100)).toEqual({ mean: points.slice(0, 5), band: [] });
});

test('a chart draws each point inside its frame, and says what it shows', () => {
  const { markup: svg } = drawChart({
    title: '<k-NN>',
    points: [
      [0, 0.2],
      [10, 0.5],
    ],
  });
  expect(svg).toContain('aria-label="&lt;k-NN&gt;: 0.5 at step 10"');
  const corners = /class="curve" points="([^"]+)"/.exec(svg)?.[1]?.split(' ') ?? [];
  expect(corners).toHaveLength(2);
  for (const corner of corners) {
    const [x = -1, y = -1] = corner.split(',').map(Number);
    expect(x >= 0 && x <= 360 && y >= 0 && y <= 210).toBe(true);
  }
  expect(drawChart({ title: 'x', points: [] }).markup).toContain('No values yet');
});

test('a map has a dot in its frame for each image, in the colour and under the name of its class', () => {
  const points = [
    { x: -50, y: 2, class: 0 },
    { x: 30, y: 400, class: 1 },
    { x: 7, y: 7, class: 1 },
  ];
  const { markup: svg } = drawScatter(points, ['<a>', 'b'], 'a <map>');
  expect(svg).toContain('aria-label="a &lt;map&gt;"');
  const dots = [
    ...svg.matchAll(/cx="([^"]+)" cy="([^"]+)" r="[\d.]+" fill="([^"]+)"><title>([^<]+)</g),
  ];
  expect(dots.map(([, , , , name]) => name)).toEqual(['&lt;a&gt;', 'b', 'b']);
  expect(dots[1]?.[3]).toBe(dots[2]?.[3]);
  expect(dots[0]?.[3]).not.toBe(dots[1]?.[3]);
  for (const [, x, y] of dots) {
    expect(Number(x) >= 0 && Number(x) <= 560 && Number(y) >= 0 && Number(y) <= 480).toBe(true);
  }
  // Up is up: the larger y has the smaller cy.
  expect(Number(dots[1]?.[2])).toBeLessThan(Number(dots[0]?.[2]));
});

describe('a run judged on labelled images', () => {
  const [train, other] = [folder.path('photos/train'), folder.path('others')];
  const tiny = ['--batch', '4', '--steps', '4', '--checkpoint-every', '2'];
  const run = folder.path('run <b>');

  beforeAll(async () => {
    await drawPhotos(train, 3, 8);
    await drawPhotos(other, 2, 9);
    const { code, stderr } = await twocan([
      ...['pretrain', '--data', train, '--eval-data', other, ...tiny, '--out', run],
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('k-NN top-1')]);
  });

  test('the neighbours are those in the data, and twocan knn agrees', async () => {
    const { knn } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as {
      knn: Record<string, number>;
    };
    expect(knn).toMatchObject({ trainImages: 24, testImages: 18, classes: 3 });
    const judged = metricsOf(run).filter(({ evaluation }) => evaluation !== undefined);
    expect(judged.map(({ step }) => step)).toEqual([0, 2, 4]);
    expect(judged.at(-1)?.evaluation).toMatchObject({ knn: knn.trained });
  });

  test('the report holds all of it and asks the network for nothing', () => {
    const html = readFileSync(join(run, 'report.html'), 'utf8');
    expect(html).toContain('<h1>run &lt;b&gt;</h1>');
    for (const title of ['k-NN top-1', 'Effective rank', 'Gradient norm', 'Uniformity', 'Memory']) {
      expect(html).toContain(`<h3>${title}`);
    }
    expect(html.match(/data:image\/png;base64/g)).toHaveLength(2);
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/<script|@import|url\(/);
    expect(html).toContain('Raw pixels');
    // One dot on both maps for each of the 18 judged images, of two of the three classes.
    expect(html.match(/<h3>(?:Principal components|UMAP)</g)).toHaveLength(2);
    expect(html.match(/<title>class-[01]</g)).toHaveLength(36);
    expect(html.match(/●<\/span> class-\d/g)).toHaveLength(3);
    const { backend } = JSON.parse(readFileSync(join(run, 'environment.json'), 'utf8'));
    expect(html).toContain(`<td>${backend}`);
  });

  test('folders that cannot judge are refused before the run begins', async () => {
    const flat = folder.path('flat');
    await drawPhotos(flat, 1, 3);
    for (const [path, why] of [
      [flat, 'has no classes'],
      [folder.path('none'), 'is not a folder'],
    ] as const) {
      const { code, stderr } = await twocan([
        ...['pretrain', '--data', train, '--eval-data', path, ...tiny, '--out', folder.path('no')],
      ]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(`--eval-data.*${why}`)]);
    }
  });
});
