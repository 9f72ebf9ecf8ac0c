import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { EngineBackend } from '../backend.ts';
import { calls, ONE_ITEM } from '../calls.ts';
import { type Cut, cut } from '../kernels/cut.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';

const rowsOf = ({ shape }: TensorInfo): readonly [rows: number, width: number] => {
  const width = shape.at(-1) ?? 1;
  return [width === 0 ? 0 : util.sizeFromShape(shape) / width, width];
};

/** A task takes whole columns, so that nothing is summed across tasks; 16 are a line of the cache. */
const cutColumns = (rows: number, width: number): Cut => cut(width, 3 * rows * width, 16);

/** A normalisation with scale and bias, of rows or of columns. Means and inverse deviations are kept. */
const normalization =
  (of: 'rows' | 'columns'): Kernel =>
  ({ x, scale, bias }, attributes, backend) => {
    if (x === undefined || scale === undefined || bias === undefined) return undefined;
    const [rows, width] = rowsOf(x);
    const epsilon = attributes.epsilon as number;
    const inputs = { x: backend.place(x), scale: backend.place(scale), bias: backend.place(bias) };
    const y = backend.output(x.shape);
    const kept = backend.output(of === 'rows' ? [rows, 2] : [2, width]);
    const given = { ...inputs, y: y.at, kept: kept.at, epsilon };
    const { engine } = backend;
    if (rows > 0 && of === 'rows') {
      calls.layerNorm(engine, cut(rows, 2 * rows * width), { ...given, n: width });
    } else if (rows > 0) calls.batchNorm(engine, cutColumns(rows, width), { ...given, rows });
    return [y.info, kept.info];
  };

/** Sizes, and where everything lies. */
type Given = {
  readonly rows: number;
  readonly width: number;
  readonly places: Readonly<Record<'x' | 'scale' | 'dy' | 'dx' | 'kept', number>>;
  readonly dScale: number;
  readonly dBias: number;
};

/** A gradient for x, scale and bias, computed by `run`. */
const normalizationGradient =
  (run: (given: Given, backend: EngineBackend) => void): Kernel =>
  ({ x, scale, dy, residual0: kept }, _, backend) => {
    if (x === undefined || scale === undefined || dy === undefined || kept === undefined)
      return undefined;
    const [rows, width] = rowsOf(x);
    const inputs = { x: backend.place(x), scale: backend.place(scale), dy: backend.place(dy) };
    const keptAt = backend.place(kept);
    const dx = backend.output(x.shape);
    const dScale = backend.output(scale.shape);
    const dBias = backend.output(scale.shape);
    const places = { ...inputs, dx: dx.at, kept: keptAt };
    run({ rows, width, places, dScale: dScale.at, dBias: dBias.at }, backend);
    return [dx.info, dScale.info, dBias.info];
  };

const layerNormGradient = normalizationGradient(
  ({ rows, width, places, dScale, dBias }, backend) => {
    const items = cut(rows, 2 * rows * width);
    const { tasks } = items;
    // Each task sums its own rows; the sums of the tasks are added at the end.
    backend.temporary(8 * tasks * width, (parts) => {
      const other = parts + 4 * tasks * width;
      const sums = { dScale: parts, dBias: other };
      calls.layerNormGradient(backend.engine, items, { ...places, ...sums, n: width });
      for (const [x, y] of [
        [parts, dScale],
        [other, dBias],
      ] as const) {
        const whole = { code: 0, x, y, reduced: tasks, inner: width, scale: 1 };
        calls.reduceColumns(backend.engine, ONE_ITEM, whole);
      }
    });
  },
);

const batchNormGradient = normalizationGradient(
  ({ rows, width, places, dScale, dBias }, backend) => {
    const given = { ...places, dScale, dBias, rows };
    calls.batchNormGradient(backend.engine, cutColumns(rows, width), given);
  },
);

const normalizeRows: Kernel = ({ x }, attributes, backend) => {
  if (x === undefined) return undefined;
  const [rows, width] = rowsOf(x);
  const from = backend.place(x);
  const y = backend.output(x.shape);
  const inverse = backend.output([rows]);
  const given = { x: from, y: y.at, inverse: inverse.at, n: width };
  const epsilon = attributes.epsilon as number;
  const items = cut(rows, 2 * rows * width);
  if (rows > 0) calls.unitRows(backend.engine, items, { ...given, epsilon });
  // The gradient needs y: as a residual it would be the same tensor twice, so it is made again.
  return [y.info, inverse.info];
};

const normalizeRowsGradient: Kernel = ({ x, dy, residual0: kept }, attributes, backend) => {
  if (x === undefined || dy === undefined || kept === undefined) return undefined;
  const [rows, width] = rowsOf(x);
  const [from, d, inverse] = [backend.place(x), backend.place(dy), backend.place(kept)];
  const dx = backend.output(x.shape);
  if (rows === 0) return [dx.info];
  backend.temporary(4 * rows * width, (y) => {
    const items = cut(rows, 2 * rows * width);
    const rest = { y, inverse, n: width };
    const epsilon = attributes.epsilon as number;
    calls.unitRows(backend.engine, items, { ...rest, x: from, epsilon });
    calls.unitRowsGradient(backend.engine, items, { ...rest, dy: d, dx: dx.at });
  });
  return [dx.info];
};

/** Normalisations of rows and of columns. */
export const normKernels: Kernels = {
  'twocan.layerNorm': normalization('rows'),
  'twocan.layerNorm.gradient': layerNormGradient,
  'twocan.batchNorm': normalization('columns'),
  'twocan.batchNorm.gradient': batchNormGradient,
  'twocan.normalizeRows': normalizeRows,
  'twocan.normalizeRows.gradient': normalizeRowsGradient,
};
