import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, type Cut, cut, TASK } from '../kernels/tasks.ts';

const rowsOf = ({ shape }: TensorInfo): readonly [rows: number, width: number] => {
  const width = shape.at(-1) ?? 1;
  return [width === 0 ? 0 : util.sizeFromShape(shape) / width, width];
};

/** What a normalisation with scale and bias goes along and cuts into tasks. */
type Axis = { readonly of: 'rows' | 'columns'; readonly task: number };

/** A task takes whole columns, so that nothing is summed across tasks; 16 are a line of the cache. */
const cutColumns = (rows: number, width: number): Cut => cut(width, 3 * rows * width, 16);

/** Means and inverse deviations are kept: `[rows, 2]`, or `[2, width]` of columns. */
const normalization =
  ({ of, task }: Axis): Kernel =>
  ({ x, scale, bias }, { epsilon }, backend) => {
    if (x === undefined || scale === undefined || bias === undefined) return undefined;
    const [rows, width] = rowsOf(x);
    const byRows = of === 'rows';
    const [from, s, b] = [backend.place(x), backend.place(scale), backend.place(bias)];
    const y = backend.output(x.shape);
    const kept = backend.output(byRows ? [rows, 2] : [2, width]);
    const { chunk, tasks } = byRows ? cut(rows, 2 * rows * width) : cutColumns(rows, width);
    const [items, others] = byRows ? [rows, width] : [width, rows];
    const words = [items, chunk, from, s, b, y.at, kept.at, others, bits(epsilon as number)];
    if (rows > 0) backend.engine.run(task, words, tasks);
    return [y.info, kept.info];
  };

/** Sizes; the places of x, scale, dy, dx and what was kept, in the kernels' order; where sums go. */
type Given = {
  readonly rows: number;
  readonly width: number;
  readonly words: readonly number[];
  readonly dScale: number;
  readonly dBias: number;
};

/** A gradient for x, scale and bias, computed by `run`. */
const normalizationGradient =
  (run: (given: Given, backend: SimdBackend) => void): Kernel =>
  ({ x, scale, dy, residual0: kept }, _, backend) => {
    if (x === undefined || scale === undefined || dy === undefined || kept === undefined)
      return undefined;
    const [rows, width] = rowsOf(x);
    const inputs = [x, scale, dy].map((info) => backend.place(info));
    const keptAt = backend.place(kept);
    const dx = backend.output(x.shape);
    const dScale = backend.output(scale.shape);
    const dBias = backend.output(scale.shape);
    const words = [...inputs, dx.at, keptAt];
    run({ rows, width, words, dScale: dScale.at, dBias: dBias.at }, backend);
    return [dx.info, dScale.info, dBias.info];
  };

const layerNormGradient = normalizationGradient(
  ({ rows, width, words, dScale, dBias }, backend) => {
    const { chunk, tasks } = cut(rows, 2 * rows * width);
    // Each task sums its own rows; the sums of the tasks are added at the end.
    backend.temporary(8 * tasks * width, (parts) => {
      const other = parts + 4 * tasks * width;
      const all = [rows, chunk, ...words, parts, other, width];
      backend.engine.run(TASK.layerNormGradient, all, tasks);
      for (const [part, to] of [
        [parts, dScale],
        [other, dBias],
      ] as const) {
        backend.engine.run(TASK.reduceColumns, [1, 1, 0, part, to, tasks, width, bits(1)], 1);
      }
    });
  },
);

const batchNormGradient = normalizationGradient(
  ({ rows, width, words, dScale, dBias }, backend) => {
    const { chunk, tasks } = cutColumns(rows, width);
    const all = [width, chunk, ...words, dScale, dBias, rows];
    backend.engine.run(TASK.batchNormGradient, all, tasks);
  },
);

const normalizeRows: Kernel = ({ x }, { epsilon }, backend) => {
  if (x === undefined) return undefined;
  const [rows, width] = rowsOf(x);
  const from = backend.place(x);
  const y = backend.output(x.shape);
  const inverse = backend.output([rows]);
  const { chunk, tasks } = cut(rows, 2 * rows * width);
  const words = [rows, chunk, from, y.at, inverse.at, width, bits(epsilon as number)];
  if (rows > 0) backend.engine.run(TASK.unitRows, words, tasks);
  // The gradient needs y: as a residual it would be the same tensor twice, so it is made again.
  return [y.info, inverse.info];
};

const normalizeRowsGradient: Kernel = ({ x, dy, residual0: inverse }, { epsilon }, backend) => {
  if (x === undefined || dy === undefined || inverse === undefined) return undefined;
  const [rows, width] = rowsOf(x);
  const [from, d, i] = [backend.place(x), backend.place(dy), backend.place(inverse)];
  const dx = backend.output(x.shape);
  const { chunk, tasks } = cut(rows, 2 * rows * width);
  if (rows === 0) return [dx.info];
  backend.temporary(4 * rows * width, (y) => {
    const again = [rows, chunk, from, y, i, width, bits(epsilon as number)];
    backend.engine.run(TASK.unitRows, again, tasks);
    backend.engine.run(TASK.unitRowsGradient, [rows, chunk, y, i, d, dx.at, width], tasks);
  });
  return [dx.info];
};

/** Normalisations of rows and of columns. */
export const normKernels: Kernels = {
  'twocan.layerNorm': normalization({ of: 'rows', task: TASK.layerNorm }),
  'twocan.layerNorm.gradient': layerNormGradient,
  'twocan.batchNorm': normalization({ of: 'columns', task: TASK.batchNorm }),
  'twocan.batchNorm.gradient': batchNormGradient,
  'twocan.normalizeRows': normalizeRows,
  'twocan.normalizeRows.gradient': normalizeRowsGradient,
};
