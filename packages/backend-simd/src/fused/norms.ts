import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { bits, type Cut, cut, TASK } from '../kernels/tasks.ts';

const rowsOf = ({ shape }: TensorInfo): readonly [rows: number, width: number] => {
  const width = shape.at(-1) ?? 1;
  return [width === 0 ? 0 : util.sizeFromShape(shape) / width, width];
};

const layerNorm: Kernel = ({ x, scale, bias }, { epsilon }, backend) => {
  if (x === undefined || scale === undefined || bias === undefined) return undefined;
  const [rows, width] = rowsOf(x);
  const [from, s, b] = [backend.place(x), backend.place(scale), backend.place(bias)];
  const y = backend.output(x.shape);
  const kept = backend.output([rows, 2]);
  const { chunk, tasks } = cut(rows, 2 * rows * width);
  const words = [rows, chunk, from, s, b, y.at, kept.at, width, bits(epsilon as number)];
  if (rows > 0) backend.engine.run(TASK.layerNorm, words, tasks);
  return [y.info, kept.info];
};

const layerNormGradient: Kernel = ({ x, scale, dy, residual0: kept }, _, backend) => {
  if (x === undefined || scale === undefined || dy === undefined || kept === undefined)
    return undefined;
  const [rows, width] = rowsOf(x);
  const [from, s, d, k] = [x, scale, dy, kept].map((info) => backend.place(info)) as [
    number,
    number,
    number,
    number,
  ];
  const dx = backend.output(x.shape);
  const dScale = backend.output(scale.shape);
  const dBias = backend.output(scale.shape);
  const { chunk, tasks } = cut(rows, 2 * rows * width);
  // Each task sums its own rows; the sums of the tasks are added at the end.
  backend.temporary(8 * tasks * width, (parts) => {
    const other = parts + 4 * tasks * width;
    const words = [rows, chunk, from, s, d, dx.at, k, parts, other, width];
    backend.engine.run(TASK.layerNormGradient, words, tasks);
    for (const [part, to] of [
      [parts, dScale.at],
      [other, dBias.at],
    ] as const) {
      backend.engine.run(TASK.reduceColumns, [1, 1, 0, part, to, tasks, width, bits(1)], 1);
    }
  });
  return [dx.info, dScale.info, dBias.info];
};

/** A task takes whole columns, so that nothing is summed across tasks; 16 are a line of the cache. */
const cutColumns = (rows: number, width: number): Cut => cut(width, 3 * rows * width, 16);

const batchNorm: Kernel = ({ x, scale, bias }, { epsilon }, backend) => {
  if (x === undefined || scale === undefined || bias === undefined) return undefined;
  const [rows, width] = rowsOf(x);
  const [from, s, b] = [backend.place(x), backend.place(scale), backend.place(bias)];
  const y = backend.output(x.shape);
  const kept = backend.output([2, width]);
  const { chunk, tasks } = cutColumns(rows, width);
  const words = [width, chunk, from, s, b, y.at, kept.at, rows, bits(epsilon as number)];
  backend.engine.run(TASK.batchNorm, words, tasks);
  return [y.info, kept.info];
};

const batchNormGradient: Kernel = ({ x, scale, dy, residual0: kept }, _, backend) => {
  if (x === undefined || scale === undefined || dy === undefined || kept === undefined)
    return undefined;
  const [rows, width] = rowsOf(x);
  const [from, s, d, k] = [x, scale, dy, kept].map((info) => backend.place(info)) as [
    number,
    number,
    number,
    number,
  ];
  const dx = backend.output(x.shape);
  const dScale = backend.output(scale.shape);
  const dBias = backend.output(scale.shape);
  const { chunk, tasks } = cutColumns(rows, width);
  const words = [width, chunk, from, s, d, dx.at, k, dScale.at, dBias.at, rows];
  backend.engine.run(TASK.batchNormGradient, words, tasks);
  return [dx.info, dScale.info, dBias.info];
};

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
  'twocan.layerNorm': layerNorm,
  'twocan.layerNorm.gradient': layerNormGradient,
  'twocan.batchNorm': batchNorm,
  'twocan.batchNorm.gradient': batchNormGradient,
  'twocan.normalizeRows': normalizeRows,
  'twocan.normalizeRows.gradient': normalizeRowsGradient,
};
