import { describe, expect, test } from 'vitest';
import { type TestedClaim, testClaim } from '../../src/ablation/claims.ts';
import { courseOf, millisOf } from '../../src/ablation/course.ts';
import { forestPlot } from '../../src/ablation/forest.ts';
import type { Line } from '../../src/ablation/lines.ts';
import { millisOfSeed, planPower } from '../../src/ablation/power/needs.ts';
import { needsMarkdown } from '../../src/ablation/power/needs-table.ts';
import { seedsFor } from '../../src/ablation/power/power.ts';
import { resolveModel } from '../../src/run/config.ts';
import type { MetricsLine } from '../../src/run/metrics-file.ts';

/** A claim whose differences are given, in points. */
const claim = (
  says: string,
  knn: readonly number[],
  probe: readonly number[],
  budget: 'steps' | 'flops' = 'steps',
): TestedClaim => {
  const verdict = (points: readonly number[]) =>
    testClaim({ values: points.map((x) => x / 100) }, { values: points.map(() => 0) });
  const [better, worse] = ['noise as augmentation only', 'no noise'];
  return { group: 'noise', says, better, worse, budget, knn: verdict(knn), probe: verdict(probe) };
};

describe('claims as intervals', () => {
  const claims = [claim('one', [2, 3, 4], [-1, 0, 1]), claim('two', [-8], [-4, -5, -6])];
  const drawn = forestPlot('Claims <&>', claims).markup;
  const numbers = (pattern: RegExp) =>
    [...drawn.matchAll(pattern)].map((m) => m.slice(1).map(Number));
  const ticks = numbers(/<text x="([\d.]+)" y="\d+" text-anchor="middle">([+-]?\d+)</g);
  const [[left = 0, low = 0] = [], [right = 0, high = 0] = []] = [ticks[0], ticks.at(-1)];
  const points = (x = Number.NaN): number => low + ((x - left) / (right - left)) * (high - low);

  test('reach from end to end of the 95% interval, around its middle', () => {
    // scipy.stats.t.ppf(.975, 2) / sqrt(3) = 2.4841 for a deviation of 1
    const expected = [
      [3, 2.4841],
      [0, 2.4841],
      [-8, 0],
      [-5, 2.4841],
    ];
    const middles = numbers(/cx="([\d.]+)"/g).map(([x]) => points(x));
    const ends = numbers(/class="interval \w+" d="M([\d.]+) \d+H([\d.]+)"/g);
    for (const [i, [middle = 0, margin = 0]] of expected.entries()) {
      expect(middles[i]).toBeCloseTo(middle, 1);
      if (margin === 0) continue;
      expect(points(ends[i]?.[0])).toBeCloseTo(middle - margin, 1);
      expect(points(ends[i]?.[1])).toBeCloseTo(middle + margin, 1);
    }
    // One seed has no interval: it is drawn over the whole width.
    expect(ends[2]).toEqual([left, right]);
  });

  test('have a line at 0, a name and the numbers, escaped', () => {
    const [zero] = numbers(/class="zero" d="M([\d.]+) /g);
    expect(points(zero?.[0])).toBeCloseTo(0, 1);
    expect(drawn).toContain('>one</text>');
    expect(drawn).toContain('<title>held: +3.0 ± 2.5 (');
    expect(drawn).toContain('aria-label="Claims &lt;&amp;&gt;"');
  });
});

describe('the course of a run', () => {
  const model = resolveModel({ sigmaMax: 0.3 });
  const line = (step: number, denoising: number): MetricsLine => ({
    step,
    loss: 1,
    denoising,
    // At every other step, and not at the last.
    ...(step % 2 === 1 && { 'share/denoising': denoising * 2 }),
    machine: { millis: 10 },
  });
  const steps = Array.from({ length: 20 }, (_, i) =>
    line(i + 1, i < 9 ? 1 : i < 18 ? 0.03 : 0.006),
  );
  const evaluation = (step: number, knn: number): MetricsLine => ({
    step,
    evaluation: { knn, effectiveRank: 3 },
    machine: { millis: 1000 },
  });
  const lines = [
    evaluation(0, 0.1),
    ...steps.slice(0, 10),
    evaluation(10, 0.2),
    ...steps.slice(10),
  ];

  test('has the denoising loss of the last tenth beside what silence costs', () => {
    // The mean square of noise whose deviation is uniform in [0, 0.3] is 0.03.
    expect(courseOf(lines, model)).toEqual({
      denoising: expect.closeTo(0.2, 12),
      shares: { denoising: expect.closeTo(0.012, 12) },
      moments: [{ step: 10, knn: 0.2, denoising: expect.closeTo(1, 12) }],
    });
    expect(millisOf(lines)).toBe(200);
  });

  test('has none without denoising, and nothing of a run without lines', () => {
    const without = resolveModel({ sigmaMax: 0.3, weights: [1, 1, 0] });
    expect(courseOf(lines, without).denoising).toBeUndefined();
    expect(courseOf([], model)).toEqual({ shares: {}, moments: [] });
  });
});

describe('what a difference needs', () => {
  const claims = [
    claim('one', [1, 2, 3], [0, 2, 4]),
    claim('two', [0, 4, 8], [5, 5, 5]),
    claim('one', [1], [1], 'flops'),
  ];

  test('is by the spread of each claim and of all together', () => {
    const plan = planPower([], claims, 0.01);
    const [steps, ...others] = plan?.budgets ?? [];
    expect(others).toEqual([]);
    expect(
      steps?.claims.map(({ says, needs }) => [says, needs.knn?.seeds, needs.probe?.seeds]),
    ).toEqual([
      ['one', seedsFor(1, 1), seedsFor(1, 2)],
      ['two', seedsFor(1, 4), 2],
    ]);
    const { knn } = steps?.together ?? {};
    expect(knn?.spread).toEqual({ deviation: expect.closeTo(Math.sqrt(8.5) / 100, 12), df: 4 });
    expect(knn?.seeds).toBe(seedsFor(1, Math.sqrt(8.5)));
    expect(planPower([], [claim('one', [1], [1])], 0.01)).toBeUndefined();
  });

  test('is found at each step that runs were evaluated at', () => {
    const moments = (...knn: number[]) =>
      knn.map((value, i) => ({ step: 10 * (i + 1), knn: value, denoising: 1 / (i + 1) }));
    const line = (row: string, courses: number[][]): Line => ({
      ...{ group: 'noise', row, budget: 'steps', steps: 20, flops: 1, seeds: 2, done: 2 },
      ...{ runs: ['a', 'b'], which: [0, 1] },
      courses: courses.map((knn) => ({ shares: {}, moments: moments(...knn) })),
    });
    const lines = [
      line('no noise', [
        [0.1, 0.2],
        [0.1, 0.2],
      ]),
      line('noise as augmentation only', [
        [0.11, 0.24],
        [0.13, 0.24],
      ]),
    ];
    const plan = planPower(lines, claims, 0.01);
    expect(plan?.steps).toMatchObject([
      // Differences of 1 and 3 points, and of 4 and 4.
      { step: 10, seeds: seedsFor(1, Math.SQRT2), denoising: 1, spread: { df: 1 } },
      { step: 20, seeds: 2, denoising: 0.5 },
    ]);
    const text = needsMarkdown(plan, { millis: 60_000, jobs: 2 }).join('\n');
    expect(text).toContain('## What a difference of 1 point needs');
    expect(text).toMatch(/\| 10 \| 1\.4 \| 18 to \d+ \| 1\.00 \|/);
    expect(text).toContain('one seed of all rows takes about 30s (2 runs side by side');
  });

  test('takes time by the operations of the runs that are done', () => {
    const run = (name: string, flops: number) => ({ name, options: {}, flops });
    const runs = [run('a', 1), run('b', 3), run('c', 1), run('d', 3)];
    const measures = { knn: 0, probe: 0, effectiveRank: 1 };
    const results = { a: { ...measures, millis: 500 }, b: { ...measures, millis: 1500 } };
    expect(millisOfSeed(runs, results, 2)).toBe(2000);
    expect(millisOfSeed(runs, {}, 2)).toBeUndefined();
  });
});
