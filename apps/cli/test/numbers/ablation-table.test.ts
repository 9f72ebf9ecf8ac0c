import { describe, expect, test } from 'vitest';
import { testClaim, testClaims } from '../../src/ablation/claims.ts';
import { type Line, linesOf } from '../../src/ablation/lines.ts';
import { ablationPage } from '../../src/ablation/page.ts';
import { markdownOf } from '../../src/ablation/table.ts';

const statistic = (...values: number[]) => {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { values, mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
};
const line = (
  row: string,
  budget: Line['budget'],
  steps: number,
  changes: Partial<Line>,
): Line => ({
  group: 'noise',
  row,
  budget,
  steps,
  flops: 1,
  seeds: 2,
  runs: ['a', 'b'],
  done: 2,
  which: [0, 1],
  courses: [],
  ...changes,
});
// Every number differs from every other: one in another's place is seen.
const baselines = {
  rawPixels: { knn: 0.111, probe: 0.122 },
  untrained: { knn: 0.133, probe: 0.144, effectiveRank: 1.5 },
};
const lines = [
  line('no noise', 'steps', 100, {
    knn: statistic(0.3, 0.32),
    probe: statistic(0.4, 0.41),
    effectiveRank: statistic(2, 3),
  }),
  line('no noise', 'flops', 120, {
    knn: statistic(0.34, 0.36),
    probe: statistic(0.45, 0.5),
    effectiveRank: statistic(4, 5),
  }),
  line('noise as augmentation only', 'steps', 100, {
    knn: statistic(0.6, 0.62),
    probe: statistic(0.3, 0.31),
    effectiveRank: statistic(6, 7),
  }),
  line('noise as augmentation only', 'flops', 90, { done: 0 }),
];

describe('the table of an ablation', () => {
  const table = (): string => markdownOf(lines, baselines, 'What all rows share.');

  test('has every number in its place, and dashes for what is missing', () => {
    expect(
      table()
        .split('\n\n')
        .map((part) => part.split('\n')),
    ).toEqual([
      ['# Ablation'],
      ['What all rows share.'],
      [
        'Raw pixels: k-NN 11.1%, probe 12.2%. Untrained encoder: k-NN 13.3%, probe 14.4%, effective rank 1.5.',
      ],
      ['Mean ± standard deviation over the seeds; a dash where nothing is done yet.'],
      ['## noise'],
      [expect.stringMatching(/\w/)],
      [
        '|  | steps (equal steps) | k-NN | probe | rank | seeds | steps (equal FLOPs) | k-NN | probe | rank | seeds |',
        '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
        '| no noise | 100 | 31.0% ± 1.4 | 40.5% ± 0.7 | 2.5 | 2 | 120 | 35.0% ± 1.4 | 47.5% ± 3.5 | 4.5 | 2 |',
        '| noise as augmentation only | 100 | 61.0% ± 1.4 | 30.5% ± 0.7 | 6.5 | 2 | 90 | – | – | – | 0 of 2 |',
      ],
      [expect.stringMatching(/^Claims, in percentage points: .*; in brackets the smallest /)],
      [
        '| claim | k-NN (equal steps) | probe |',
        '| --- | --- | --- |',
        '| noise helps as an augmentation | held: +30.0 ± 0.0 (0.0) | not held: -10.0 ± 0.0 (0.0) |',
        '',
      ],
    ]);
  });

  test('has no deviation of a single seed', () => {
    const measures = { knn: statistic(0.3), probe: statistic(0.4, 0.5) };
    const one = line('no noise', 'steps', 100, measures);
    expect(markdownOf([one], baselines, '')).toContain('| no noise | 100 | 30.0% | 45.0% ± 7.1 | ');
  });

  test('shows claims of both budgets side by side, and a dash where one has no numbers', () => {
    const more = [
      ...lines,
      line('denoising, level not told', 'flops', 80, {
        knn: statistic(0.1, 0.3),
        probe: statistic(0.2),
      }),
      line('noise as augmentation only', 'flops', 80, {
        knn: statistic(0.2, 0.2),
        probe: statistic(0.25),
      }),
    ].filter(({ done }) => done > 0);
    const rows = markdownOf(more, baselines, '')
      .split('\n')
      .filter((row) => / ± .*: | – /.test(row));
    expect(rows.slice(-2)).toEqual([
      '| noise helps as an augmentation | held: +30.0 ± 0.0 (0.0) | not held: -10.0 ± 0.0 (0.0) | not held: -15.0 ± 12.7 (16.3) | -20.0, one seed |',
      '| denoising without the level hurts | – | – | within noise: 0.0 ± 127.1 (163.3) | +5.0, one seed |',
    ]);
  });

  test('has no claims where nothing can be tested', () => {
    expect(markdownOf(lines.slice(0, 1), baselines, '')).not.toContain('Claims');
  });
});

describe('claims', () => {
  // 97.5% quantiles of Student's t, degrees of freedom 1 to 10, from a table.
  const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

  test.each(T.map((t, i) => [t, i + 2] as const))('t is %d for %d seeds', (t, seeds) => {
    const better = { values: Array.from({ length: seeds }, (_, i) => 0.5 + 0.01 * i) };
    const worse = { values: new Array<number>(seeds).fill(0.25) };
    const { deviation } = statistic(...better.values);
    const { difference, margin } = testClaim(better, worse);
    expect(difference).toBeCloseTo(0.25 + 0.005 * (seeds - 1), 12);
    expect((margin * Math.sqrt(seeds)) / deviation).toBeCloseTo(t, 3);
  });

  test('more seeds are tested by their own degrees of freedom', () => {
    const better = { values: Array.from({ length: 41 }, (_, i) => 0.01 * i) };
    const { deviation } = statistic(...better.values);
    const { margin } = testClaim(better, { values: new Array<number>(41).fill(0) });
    // 97.5% quantile with 40 degrees of freedom, from a table.
    expect((margin * Math.sqrt(41)) / deviation).toBeCloseTo(2.021, 3);
  });

  test('compare the seeds that both rows have', () => {
    const [none, augmentation] = [lines[0] as Line, lines[2] as Line];
    const seeds = { knn: statistic(0.3, 0.5), probe: statistic(0.4, 0.4), which: [1, 2] };
    const others = { knn: statistic(0.9, 0.4), probe: statistic(0.1, 0.7), which: [0, 1] };
    const [tested] = testClaims([
      { ...none, ...seeds },
      { ...augmentation, ...others },
    ]);
    expect(tested?.knn).toMatchObject({ difference: expect.closeTo(0.1, 12), seeds: 1 });
    expect(tested?.probe).toMatchObject({ difference: expect.closeTo(0.3, 12), seeds: 1 });
    expect(testClaims([none, { ...augmentation, which: [5, 6] }])).toEqual([]);
  });

  test('a single seed decides nothing, equal rows are within noise, odd seeds are left out', () => {
    expect(testClaim({ values: [0.9] }, { values: [0.1] })).toEqual({
      difference: 0.8,
      margin: Number.POSITIVE_INFINITY,
      detectable: Number.POSITIVE_INFINITY,
      deviation: 0,
      seeds: 1,
      verdict: 'within noise',
    });
    expect(testClaim({ values: [0.5, 0.5] }, { values: [0.5, 0.5] }).verdict).toBe('within noise');
    expect(testClaim({ values: [0.5, 0.5, 9] }, { values: [0.25, 0.25] })).toEqual({
      difference: 0.25,
      margin: 0,
      detectable: 0,
      deviation: 0,
      seeds: 2,
      verdict: 'held',
    });
  });

  test('need numbers of both rows, of the same group and budget', () => {
    const tested = testClaims(lines);
    expect(tested.map(({ says, budget }) => [says, budget])).toEqual([
      ['noise helps as an augmentation', 'steps'],
    ]);
    expect(tested[0]?.knn.difference).toBeCloseTo(0.3, 12);
    expect(tested[0]?.probe.difference).toBeCloseTo(-0.1, 12);
    for (const missing of ['knn', 'probe'] as const) {
      for (const at of [0, 2]) {
        const without = lines.map((own, i) => {
          const { [missing]: _, ...rest } = own;
          return i === at ? rest : own;
        });
        expect(testClaims(without as Line[])).toEqual([]);
      }
    }
    expect(testClaims(lines.map((own) => ({ ...own, group: 'other' })))).toEqual([]);
  });
});

test('lines bring together the runs of a cell, in the order of their seeds', () => {
  const cells = [
    {
      row: { group: 'g', name: 'r', keep: {}, options: {} },
      budget: 'steps' as const,
      steps: 7,
      flops: 8,
      runs: ['a', 'b', 'c'],
    },
    {
      row: { group: 'g', name: 's', keep: {}, options: {} },
      budget: 'flops' as const,
      steps: 9,
      flops: 10,
      runs: ['d'],
    },
  ];
  const results = {
    a: { knn: 0.1, probe: 0.2, effectiveRank: 3 },
    c: { knn: 0.3, probe: 0.6, effectiveRank: 5 },
  };
  const [first, second] = linesOf(cells, results);
  expect(first).toEqual({
    group: 'g',
    row: 'r',
    budget: 'steps',
    steps: 7,
    flops: 8,
    seeds: 3,
    runs: ['a', 'b', 'c'],
    done: 2,
    which: [0, 2],
    courses: [],
    knn: statistic(0.1, 0.3),
    probe: statistic(0.2, 0.6),
    effectiveRank: statistic(3, 5),
  });
  expect(second).toEqual({
    group: 'g',
    row: 's',
    budget: 'flops',
    steps: 9,
    flops: 10,
    seeds: 1,
    runs: ['d'],
    done: 0,
    which: [],
    courses: [],
  });
});

describe('the plots of an ablation', () => {
  const draw = (): string => ablationPage(lines, baselines, 'What all rows share.');
  const figuresOf = (page: string) =>
    [...page.matchAll(/<h3>(?!Claims)(.*?)<\/h3>(.*?)<\/figure>/g)].map(([, title, body = '']) => ({
      title,
      /** Where percentages stand on the axis. */
      ticks: [...body.matchAll(/<text x="([\d.]+)" [^>]*>([\d.]+)%</g)].map(([, x, share]) => [
        Number(x),
        Number(share),
      ]),
      levels: [...body.matchAll(/baseline b(\d)" d="M([\d.]+) (\d+)V(\d+)/g)].map((m) =>
        m.slice(1).map(Number),
      ),
      dots: [...body.matchAll(/cx="([\d.]+)" cy="(\d+)" r="3"><title>(.*?)</g)].map(
        ([, x, y, share]) => [...[Number(x), Number(y), share]],
      ),
      bars: [...body.matchAll(/d="M([\d.]+) (\d+)H([\d.]+)"/g)].map((m) => m.slice(1).map(Number)),
      means: [...body.matchAll(/class="mean" d="M([\d.]+) (\d+)V(\d+)"/g)].map((m) =>
        m.slice(1).map(Number),
      ),
      names: [...body.matchAll(/<text x="182" y="(\d+)" text-anchor="end">(.*?)</g)].map(
        ([, y, name]) => [...[Number(y), name]],
      ),
      box: /viewBox="([^"]*)"/.exec(body)?.[1],
    }));

  test('are one for each measure and budget', () => {
    const page = draw();
    expect(figuresOf(page).map(({ title }) => title)).toEqual([
      'k-NN, equal steps',
      'Linear probe, equal steps',
      'k-NN, equal FLOPs',
      'Linear probe, equal FLOPs',
    ]);
    expect(page).toContain('<p class="faint">What all rows share.</p>');
    expect(page).toContain('<h2>noise</h2>');
  });

  test('have dots, means, bars and baselines where the axis says', () => {
    const figures = figuresOf(draw());
    const [first] = figures;
    if (first === undefined) throw new Error('a figure expected');
    const [low, high] = [first.ticks[0], first.ticks.at(-1)] as [number[], number[]];
    expect([low[0], high[0]]).toEqual([190, 500]);
    const x = (share: number): number =>
      190 + ((100 * share - (low[1] ?? 0)) / ((high[1] ?? 0) - (low[1] ?? 0))) * 310;
    const near = (value: number) => expect.closeTo(value, 0);
    expect(low[1]).toBeLessThanOrEqual(11.1);
    expect(high[1]).toBeGreaterThanOrEqual(62);
    expect(first.levels).toEqual([
      [0, near(x(0.111)), 10, 62],
      [1, near(x(0.133)), 10, 62],
    ]);
    expect(first.dots).toEqual([
      [near(x(0.3)), 23, '30.0%'],
      [near(x(0.32)), 23, '32.0%'],
      [near(x(0.6)), 49, '60.0%'],
      [near(x(0.62)), 49, '62.0%'],
    ]);
    expect(first.means).toEqual([
      [near(x(0.31)), 15, 31],
      [near(x(0.61)), 41, 57],
    ]);
    const deviation = Math.sqrt(0.0002);
    expect(first.bars).toEqual([
      [near(x(0.31 - deviation)), 23, near(x(0.31 + deviation))],
      [near(x(0.61 - deviation)), 49, near(x(0.61 + deviation))],
    ]);
    expect(first.names).toEqual([
      [27, 'no noise'],
      [53, 'noise as augmentation only'],
    ]);
    expect(first.box).toBe('0 0 520 86');
    expect(figures[1]?.levels.map(([i]) => i)).toEqual([0, 1]);
    expect(figures[1]?.dots.map(([, , share]) => share)).toEqual([
      '40.0%',
      '41.0%',
      '30.0%',
      '31.0%',
    ]);
  });

  test('name a row that has no numbers yet, and reach to the ends of its bars', () => {
    const figures = figuresOf(draw());
    expect(figures[2]?.dots.map(([, , share]) => share)).toEqual(['34.0%', '36.0%']);
    expect(figures[2]?.names).toHaveLength(2);
    for (const { bars, ticks } of figures) {
      for (const [from = 0, , to = 0] of bars) {
        expect(from).toBeGreaterThanOrEqual(ticks[0]?.[0] ?? NaN);
        expect(to).toBeLessThanOrEqual(ticks.at(-1)?.[0] ?? NaN);
      }
    }
  });
});
