import {
  grads,
  mul,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tensor3d,
} from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { batchNorm, layerNorm, normalizeRows } from '@twocan/ops';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';

const [ROWS, WIDTH] = [6, 5];
const X = Array.from(normal(key(1), ROWS * WIDTH), (z) => 3 * z + 1);
const SCALE = [1, -0.5, 2, 0.3, 1.7];
const BIAS = [0, 1, -1, 0.2, 0.4];

const rows = (): Tensor2D => tensor2d(X, [ROWS, WIDTH]);
const scale = (): Tensor1D => tensor1d(SCALE);
const bias = (): Tensor1D => tensor1d(BIAS);
const average = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;

/** Normalisation over the elements that `together` puts in one group, in float64. */
function reference(
  together: (i: number, j: number) => boolean,
  epsilon: number,
  values: readonly number[] = X,
): number[] {
  return values.map((value, i) => {
    const group = values.filter((_, j) => together(i, j));
    const mean = average(group);
    const variance = average(group.map((v) => (v - mean) ** 2));
    const normalized = (value - mean) / Math.sqrt(variance + epsilon);
    return normalized * (SCALE[i % WIDTH] ?? 0) + (BIAS[i % WIDTH] ?? 0);
  });
}

const sameRow = (i: number, j: number): boolean => Math.floor(i / WIDTH) === Math.floor(j / WIDTH);
const sameColumn = (i: number, j: number): boolean => i % WIDTH === j % WIDTH;

describeBackends('normalisation', () => {
  it('layerNorm has mean and variance of the last axis', () => {
    for (const epsilon of [1e-6, 0.5]) {
      const x = tensor3d(X, [2, 3, WIDTH]);
      const y = layerNorm(x, scale(), bias(), epsilon);
      expect(y.shape).toEqual([2, 3, WIDTH]);
      expectClose(y, reference(sameRow, epsilon));
    }
  });

  it('batchNorm has mean and biased variance of the batch', () => {
    for (const epsilon of [1e-5, 0.5]) {
      expectClose(batchNorm(rows(), scale(), bias(), epsilon), reference(sameColumn, epsilon));
    }
  });

  it('layerNorm and batchNorm are right for magnitudes up to their limit, and for the smallest', () => {
    const units = X.map((v) => v / Math.max(...X.map(Math.abs)));
    for (const size of [1e16, 1e8, 1e-20, 1e-30, 1e-38]) {
      const values = units.map((v) => v * size);
      const x = tensor2d(values, [ROWS, WIDTH]);
      expectClose(layerNorm(x, scale(), bias(), 1e-6), reference(sameRow, 1e-6, values));
      expectClose(batchNorm(x, scale(), bias(), 1e-5), reference(sameColumn, 1e-5, values));
    }
  });

  it('normalizeRows gives length 1, and 0 with a finite gradient at 0', () => {
    expectClose(
      normalizeRows(
        tensor2d([
          [3, 4],
          [0, 0],
        ]),
      ),
      [0.6, 0.8, 0, 0],
    );
    const [slope] = grads((x: Tensor) => normalizeRows(x as Tensor2D))([tensor2d([[0, 0]])]);
    expect((slope as Tensor).dataSync().every(Number.isFinite)).toBe(true);
  });

  it('normalizeRows knows no row too large or too small', () => {
    const direction = [0.3, -0.2, 0.5, 0, 0.7];
    const length = Math.hypot(...direction);
    const unit = direction.map((v) => v / length);
    const sizes = [3e38, 1e25, 1e20, 1e12, 1, 1e-3, 1e-7, 1e-10, 1e-20, 1e-30, 1e-37];
    const x = tensor2d(sizes.map((size) => direction.map((v) => v * size)));
    const unitRows = sizes.flatMap(() => unit);
    expectClose(normalizeRows(x), unitRows);
    // With dy = (1, 0, 0, 0, 0): (dy - u·(u·dy))/|x|; the rows' own size is taken out before comparing.
    const weights = tensor2d(sizes.map((size) => [Math.min(size, 1e30), 0, 0, 0, 0]));
    const [slope] = grads((t: Tensor) => mul(normalizeRows(t as Tensor2D), weights))([x]);
    expectClose(
      slope as Tensor,
      sizes.flatMap((size) =>
        unit.map((u, i) => {
          const first = i === 0 ? 1 : 0;
          return ((first - u * (unit[0] as number)) / length) * (Math.min(size, 1e30) / size);
        }),
      ),
      { rtol: 1e-4, atol: 1e-5 },
    );
    const [flat] = grads((t: Tensor) => normalizeRows(t as Tensor2D))([x]);
    expect((flat as Tensor).dataSync().some(Number.isNaN)).toBe(false);
  });

  it('normalizeRows has the gradient of central differences for rows of every size', () => {
    for (const size of [1e25, 1e-20, 1e-30]) {
      const small = tensor2d(
        [0.3, -0.2, 0.5, 0.7].map((v) => v * size),
        [2, 2],
      );
      const weights = tensor2d([0.4, -1, 0.7, 0.2], [2, 2]);
      const value = (t: Tensor2D): Float32Array =>
        mul(normalizeRows(t), weights).dataSync() as Float32Array;
      const [slope] = grads((t: Tensor) => mul(normalizeRows(t as Tensor2D), weights))([small]);
      const got = (slope as Tensor).dataSync();
      const at = Array.from(small.dataSync());
      at.forEach((v, i) => {
        const h = 1e-2 * size;
        const moved = (d: number): number =>
          value(
            tensor2d(
              at.map((w, j) => (j === i ? v + d : w)),
              [2, 2],
            ),
          ).reduce((a, b) => a + b);
        expect((got[i] as number) * size).toBeCloseTo((moved(h) - moved(-h)) / 2e-2, 2);
      });
    }
  });

  it('normalizeRows keeps the bits of ordinary rows, whatever stands beside them', () => {
    const alone = normalizeRows(rows()).dataSync();
    const beside = tensor2d(
      [...X, ...X.map((v) => 1e25 * v), ...X.map((v) => 1e-30 * v)],
      [3 * ROWS, WIDTH],
    );
    expect(normalizeRows(beside).dataSync().slice(0, X.length)).toEqual(alone);
    expectClose(
      normalizeRows(beside)
        .dataSync()
        .slice(2 * X.length),
      alone,
    );
    expect(
      normalizeRows(tensor2d([[Number.NaN, 1e30]]))
        .dataSync()
        .every(Number.isNaN),
    ).toBe(true);
  });

  it('has the gradient of central differences', () => {
    const norm =
      (op: typeof layerNorm | typeof batchNorm) => (x?: Tensor, s?: Tensor, b?: Tensor) =>
        op(x as Tensor2D, s as Tensor1D, b as Tensor1D, 1e-5);
    checkGradient(norm(layerNorm), [tensor3d(X, [2, 3, WIDTH]), scale(), bias()]);
    checkGradient(norm(batchNorm), [rows(), scale(), bias()]);
    checkGradient((x) => normalizeRows(x as Tensor2D), [rows()]);
  });

  it('names the argument that does not fit', () => {
    expect(() => layerNorm(rows(), tensor1d([1]), bias())).toThrow(
      'layerNorm: scale must have shape [5], got [1]',
    );
    expect(() => batchNorm(rows(), scale(), tensor1d([1]))).toThrow(
      'batchNorm: bias must have shape [5], got [1]',
    );
    expect(() => normalizeRows(tensor1d([1]) as unknown as Tensor2D)).toThrow(
      'normalizeRows: x must have 2 dimensions, got shape [1]',
    );
  });

  it('leaks nothing', () => {
    const [x, s, b] = [rows(), scale(), bias()];
    const slopes = (f: (t: Tensor) => Tensor) => expectNoLeak(() => grads(f)([x]));
    for (const f of [
      (t: Tensor) => layerNorm(t, s, b),
      (t: Tensor) => batchNorm(t as Tensor2D, s, b),
      (t: Tensor) => normalizeRows(t as Tensor2D),
    ]) {
      expectNoLeak(() => f(x));
      slopes(f);
    }
  });
});
