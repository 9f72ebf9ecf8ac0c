import {
  grads,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tensor3d,
} from '@tensorflow/tfjs-core';
import { batchNorm, key, layerNorm, normal, normalizeRows } from '@twocan/core';
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
function reference(together: (i: number, j: number) => boolean, epsilon: number): number[] {
  return X.map((value, i) => {
    const group = X.filter((_, j) => together(i, j));
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
