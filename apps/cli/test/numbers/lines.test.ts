import { compareKnn, eachOf } from '@twocan/pretrain';
import { describe, expect, test } from 'vitest';
import { fewShotLines } from '../../src/evaluation/few-shots.ts';
import { countsOf, knnLine } from '../../src/evaluation/knn.ts';
import { byClass, classLines, probeLine } from '../../src/evaluation/probing.ts';
import type { Evaluation } from '../../src/images/evaluation-sets.ts';
import { brief } from '../../src/report/scale.ts';
import { evaluationsIn, type MetricsLine } from '../../src/run/metrics-file.ts';
import { percent } from '../../src/terminal/percent.ts';
import { duration } from '../../src/terminal/progress.ts';

// Every number differs from every other: one in another's place is seen.
const ACCURACIES = { trained: 0.611, rawPixels: 0.322, untrained: 0.433 };
const evaluation = {
  train: { length: 240 },
  test: { length: 56, labels: Int32Array.of(0, 3, 3, 6) },
  classes: 7,
  heldOut: 'held-out images',
  source: 'a folder',
} as Evaluation;

describe('numbers as text', () => {
  test.each([
    [0, '0.0%'],
    [1, '100.0%'],
    [0.4781, '47.8%'],
    [0.99949, '99.9%'],
    [0.0004, '0.0%'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('the share %d is %s', (share, text) => {
    expect(percent(share)).toBe(text);
  });

  test.each([
    [-5000, '0s'],
    [0, '0s'],
    [499, '0s'],
    [500, '1s'],
    [42_000, '42s'],
    [59_499, '59s'],
    [59_500, '1m00s'],
    [60_000, '1m00s'],
    [185_000, '3m05s'],
    [671_000, '11m11s'],
    [3_599_499, '59m59s'],
    [3_599_500, '1h00m'],
    [3_600_000, '1h00m'],
    [7_859_000, '2h10m'],
    [7_860_000, '2h11m'],
    [360_000_000, '100h00m'],
  ])('%d milliseconds are %s', (millis, text) => {
    expect(duration(millis)).toBe(text);
  });

  test.each([
    [0, '0'],
    [0.001, '0.001'],
    [0.000999, '1e-3'],
    [0.00423, '0.00423'],
    [-0.25, '-0.25'],
    [1.5, '1.5'],
    [999.4, '999'],
    [999.6, '1000'],
    [1000.4, '1000'],
    [1234.6, '1235'],
    [9999.4, '9999'],
    [10_000, '10k'],
    [-12_345, '-12.3k'],
    [3e-6, '3e-6'],
    [-3.14e-6, '-3.1e-6'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('the number %d is %s', (value, text) => {
    expect(brief(value)).toBe(text);
  });
});

describe('lines that compare', () => {
  test('k-NN', () => {
    const counts = {
      neighbours: 20,
      trainImages: 240,
      testImages: 56,
      classes: 7,
      testedClasses: 3,
    };
    expect(countsOf(evaluation)).toEqual(counts);
    expect(knnLine({ ...ACCURACIES, ...counts }, 'held-out images')).toBe(
      'k-NN top-1: 61.1% (raw pixels 32.2%, untrained encoder 43.3%; 56 held-out images, 3 of 7 classes, k 20 of 240)',
    );
    expect(knnLine({ ...ACCURACIES, ...counts }, 'images', 'as it began')).toContain(
      '(raw pixels 32.2%, as it began 43.3%; ',
    );
    expect(knnLine({ ...ACCURACIES, ...counts, testedClasses: 7 }, 'images')).toContain(
      '; 56 images, 7 classes, k 20 of 240)',
    );
    expect(countsOf(evaluation, { k: 5 }).neighbours).toBe(5);
    expect(countsOf(evaluation, { k: 300 }).neighbours).toBe(240);
  });

  test('probe', () => {
    expect(probeLine(ACCURACIES, evaluation)).toBe(
      'linear probe top-1: 61.1% (raw pixels 32.2%, untrained encoder 43.3%; 56 held-out images, 7 classes, trained on 240)',
    );
  });

  test('classes, the worst first, without those that have no image', () => {
    const perClass = byClass(['cat', 'none', 'dog', 'eel'], {
      perClass: [0.5, Number.NaN, 1, 0.125],
    });
    expect(perClass).toEqual({ cat: 0.5, none: null, dog: 1, eel: 0.125 });
    expect(classLines(perClass)).toEqual([...['  12.5%  eel', '  50.0%  cat', ' 100.0%  dog']]);
  });

  test('few shots', () => {
    const results = (...means: number[]) =>
      means.map((mean, i) => ({
        shots: [1, 10][i] ?? 0,
        accuracies: [],
        mean,
        deviation: mean / 10,
      }));
    const answers = {
      trained: results(0.41, 0.82),
      rawPixels: results(0.13, 0.24),
      untrained: results(0.35),
    };
    expect(fewShotLines(answers, evaluation, 3)).toEqual([
      'few-shot top-1 by ridge regression, mean ± deviation of 3 draws; 56 held-out images, 7 classes, drawn from 240',
      'images a class         trained      raw pixels       untrained',
      '             1     41.0% ± 4.1     13.0% ± 1.3     35.0% ± 3.5',
      '            10     82.0% ± 8.2     24.0% ± 2.4               –',
    ]);
  });

  test('three answers keep their places', () => {
    expect(eachOf({ trained: 1, rawPixels: 2, untrained: 3 }, (x) => 10 * x)).toEqual({
      trained: 10,
      rawPixels: 20,
      untrained: 30,
    });
  });
});

describe('what a run compares', () => {
  const comparisonOf = (lines: readonly MetricsLine[]) => compareKnn(evaluationsIn(lines));
  const evaluated = (step: number, evaluation: MetricsLine['evaluation']): MetricsLine => ({
    step,
    machine: {},
    ...(evaluation && { evaluation }),
  });
  const start = evaluated(0, { knn: 0.43, rawPixels: 0.32, effectiveRank: 5 });
  const between = evaluated(2, { knn: 0.55, effectiveRank: 6 });
  const end = evaluated(4, { knn: 0.61, effectiveRank: 7 });
  const steps = [1, 2, 3, 4, 5].map((step) => evaluated(step, undefined));

  test('is the last judgement with that of step 0', () => {
    expect(comparisonOf([start, ...steps.slice(0, 2), between, ...steps.slice(2), end])).toEqual({
      trained: 0.61,
      rawPixels: 0.32,
      untrained: 0.43,
    });
    expect(comparisonOf([...steps, end, start, between])).toMatchObject({ trained: 0.55 });
  });

  test.each([
    ['no line', []],
    ['no judgement', steps],
    ['the start alone', [start, ...steps]],
    ['no judgement of the start', [between, end]],
    ['a start without pixels', [evaluated(0, { knn: 0.4 }), end]],
    ['a start without accuracy', [evaluated(0, { rawPixels: 0.4 }), end]],
    ['an end without accuracy', [start, evaluated(4, { effectiveRank: 3 })]],
  ])('is nothing with %s', (_, lines) => {
    expect(comparisonOf(lines)).toBeUndefined();
  });
});
