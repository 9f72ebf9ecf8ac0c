import { expectInteger, expectNumber, expectOptions, expectType } from '@twocan/core';
import type { Band } from './recipe.ts';

/** A line of a run's metrics: of a step, or of an evaluation after it. */
export type MetricsOfStep = {
  readonly step: number;
  readonly evaluation?: Readonly<Record<string, number>>;
  readonly [name: string]: unknown;
};

/** A curve over a run: share of its steps in [0, 1], and value. */
export type Curve = readonly (readonly [share: number, value: number])[];

/** So many points show the form of a curve and average the noise of steps out. */
const POINTS = 40;

/**
 * A metric over a run: means of equal stretches of steps, or the evaluations as they are.
 *
 * Curves of runs of any length can be compared: x is the share of the run, from 0 to 1.
 *
 * @param lines of the run's metrics, in any order
 * @param name of the metric, such as `contrastive` or `knn`
 * @param steps of the whole run
 * @returns the curve, at most 40 points of steps; empty where no line has the metric
 * @throws RangeError for `steps` that are not a positive integer
 * @example
 * curveOf([{ step: 1, loss: 2 }, { step: 2, loss: 1 }], 'loss', 2); // [[0.5, 2], [1, 1]]
 */
export function curveOf(lines: readonly MetricsOfStep[], name: string, steps: number): Curve {
  expectType('curveOf', 'lines', lines, Array);
  for (const line of lines) expectOptions('curveOf', 'lines', line, ['step']);
  expectType('curveOf', 'name', name, 'string');
  expectInteger('curveOf', 'steps', steps, 1, Number.MAX_SAFE_INTEGER);
  const found = lines
    .flatMap((line) => {
      const value = (line.evaluation ?? line)[name];
      const isPoint = typeof value === 'number' && Number.isFinite(value);
      return isPoint ? [{ share: line.step / steps, value, evaluated: 'evaluation' in line }] : [];
    })
    .sort((a, b) => a.share - b.share);
  if (found.some(({ evaluated }) => evaluated) || steps <= POINTS) {
    return found.map(({ share, value }) => [share, value]);
  }
  const stretches = Array.from({ length: POINTS }, (_, i) =>
    found.filter(({ share }) => Math.min(POINTS - 1, Math.floor(share * POINTS)) === i),
  );
  return stretches.flatMap((part) =>
    part.length === 0
      ? []
      : [[mean(part.map(({ share }) => share)), mean(part.map(({ value }) => value))] as const],
  );
}

/**
 * The value of a curve at some share of the run, between its points on a straight line.
 *
 * @param curve in order of x
 * @param share in [0, 1]
 * @returns the value; nothing outside of the curve
 * @example
 * valueAt([[0, 1], [1, 3]], 0.5); // 2
 */
export function valueAt(curve: Curve, share: number): number | undefined {
  expectType('valueAt', 'curve', curve, Array);
  for (const point of curve) expectType('valueAt', 'curve', point, Array);
  expectNumber('valueAt', 'share', share, 'be finite', Number.isFinite);
  const next = curve.findIndex(([x]) => x >= share);
  const [right, left] = [curve[next], curve[next - 1]];
  if (right === undefined) return undefined;
  if (right[0] === share) return right[1];
  if (left === undefined) return undefined;
  return left[1] + ((share - left[0]) / (right[0] - left[0])) * (right[1] - left[1]);
}

/** Half the width of a band in deviations: 19 of 20 runs of the same kind stay in it at each point. */
const DEVIATIONS = 2;

/**
 * Where the curves of some runs lie: from the smallest to the largest, and two deviations around their mean
 * where that is wider; never below 0 where no curve is.
 *
 * @param curves of one metric, one for each run
 * @returns share, low and high, where every curve has a value; empty for no curves
 * @example
 * bandOf([[[0, 1], [1, 2]], [[0, 1], [1, 2]]]); // [[0, 1, 1], [1, 2, 2]]
 */
export function bandOf(curves: readonly Curve[]): Band {
  expectType('bandOf', 'curves', curves, Array);
  for (const curve of curves) {
    expectType('bandOf', 'curves', curve, Array);
    for (const point of curve) expectType('bandOf', 'curves', point, Array);
  }
  const [first = [], ...others] = curves;
  return first.flatMap(([share, own]) => {
    const values = [own, ...others.map((curve) => valueAt(curve, share))];
    if (values.includes(undefined)) return [];
    const all = values as number[];
    const middle = mean(all);
    const squares = all.reduce((sum, value) => sum + (value - middle) ** 2, 0);
    const wide = DEVIATIONS * Math.sqrt(squares / Math.max(1, all.length - 1));
    const least = Math.min(...all);
    const low = Math.min(least, middle - wide);
    return [[share, least >= 0 ? Math.max(0, low) : low, Math.max(...all, middle + wide)]];
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
