import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernels } from '../kernels.ts';
import { dispatch, elementwise, rowwise } from './program.ts';

const STATISTICS = rowwise(`
  var sum = 0.0;
  for (var i = lane; i < uniforms.width; i = i + 64) { sum = sum + x[row * uniforms.width + i]; }
  let mean = total(lane, sum) / f32(uniforms.width);
  var squares = 0.0;
  for (var i = lane; i < uniforms.width; i = i + 64) {
    let d = x[row * uniforms.width + i] - mean;
    squares = squares + d * d;
  }
  let variance = total(lane, squares) / f32(uniforms.width);
  if (lane == 0) {
    result[2 * row] = mean;
    result[2 * row + 1] = 1.0 / sqrt(variance + uniforms.epsilon);
  }`);

const VALUE = elementwise(`
  let row = index / uniforms.width;
  let i = index % uniforms.width;
  return (x[index] - kept[2 * row]) * kept[2 * row + 1] * factor[i] + bias[i];`);

const INPUT_GRADIENT = rowwise(`
  let start = row * uniforms.width;
  let mean = kept[2 * row];
  let inverse = kept[2 * row + 1];
  var plain = 0.0;
  var along = 0.0;
  for (var i = lane; i < uniforms.width; i = i + 64) {
    let g = dy[start + i] * factor[i];
    plain = plain + g;
    along = along + g * (x[start + i] - mean) * inverse;
  }
  let meanPlain = total(lane, plain) / f32(uniforms.width);
  let meanAlong = total(lane, along) / f32(uniforms.width);
  for (var i = lane; i < uniforms.width; i = i + 64) {
    let n = (x[start + i] - mean) * inverse;
    result[start + i] = (dy[start + i] * factor[i] - meanPlain - n * meanAlong) * inverse;
  }`);

/** A workgroup for each column of the output. */
const columnSum = (term: string): string =>
  rowwise(`
  var sum = 0.0;
  for (var r = lane; r < uniforms.height; r = r + 64) {
    let at = r * uniforms.rows + row;
    sum = sum + ${term};
  }
  let whole = total(lane, sum);
  if (lane == 0) { result[row] = whole; }`);

const FACTOR_GRADIENT = columnSum('dy[at] * (x[at] - kept[2 * r]) * kept[2 * r + 1]');
const COLUMN_SUM = columnSum('dy[at]');

const dimensions = (x: Tensor): { rows: number; width: number } => {
  const width = x.shape.at(-1) ?? 1;
  return { rows: x.size / width, width };
};

/** The sums of the columns of `[..., D]`. */
export function columnSums(dy: Tensor): Tensor {
  const { rows, width } = dimensions(dy);
  return dispatch({
    name: 'columnSums',
    inputs: { dy },
    shape: [width],
    sizes: { rows: width, height: rows },
    rows: width,
    code: COLUMN_SUM,
  });
}

/** Layer normalisation: what it keeps are mean and inverse deviation of each row. */
export const layerNormKernels: Kernels = {
  'twocan.layerNorm': ({ x, scale: factor, bias }, { epsilon }) => {
    const { rows, width } = dimensions(x);
    const kept = dispatch({
      name: 'layerNorm.statistics',
      inputs: { x },
      shape: [rows, 2],
      sizes: { rows, width },
      numbers: { epsilon: epsilon as number },
      rows,
      code: STATISTICS,
    });
    const inputs = { x, kept, factor, bias };
    return [
      dispatch({ name: 'layerNorm', inputs, shape: x.shape, sizes: { width }, code: VALUE }),
      kept,
    ];
  },
  'twocan.layerNorm.gradient': ({ x, dy, scale: factor, residual0: kept }) => {
    const { rows, width } = dimensions(x);
    return [
      dispatch({
        name: 'layerNorm.gradient',
        inputs: { x, dy, factor, kept },
        shape: x.shape,
        sizes: { rows, width },
        rows,
        code: INPUT_GRADIENT,
      }),
      dispatch({
        name: 'layerNorm.factorGradient',
        inputs: { x, dy, kept },
        shape: [width],
        sizes: { rows: width, height: rows },
        rows: width,
        code: FACTOR_GRADIENT,
      }),
      columnSums(dy),
    ];
  },
};
