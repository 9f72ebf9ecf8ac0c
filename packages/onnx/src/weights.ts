import {
  expectNamedArrays,
  type NamedArray,
  type NamedArrays,
  toHalf,
  widened,
} from '@twocan/checkpoint';
import { expectType, refuse } from '@twocan/core';

/** How an ONNX file stores kernels; everything is computed in float32. */
export const weightTypes = ['fp32', 'fp16', 'int8'] as const;

/** One of these ways. */
export type WeightType = (typeof weightTypes)[number];

/** Checks that an argument is one of them. */
export function expectWeightType(caller: string, type: unknown): void {
  if ((weightTypes as readonly unknown[]).includes(type)) return;
  refuse(caller, 'weights', `be one of ${weightTypes.join(', ')}`, type);
}

/** Checks that an argument is arrays by path, those of F32 with their numbers in a Float32Array. */
export function expectArrays(caller: string, params: NamedArrays): void {
  expectNamedArrays(caller, 'params', params);
  for (const [name, { dtype, data }] of Object.entries(params)) {
    if (dtype === 'F32') expectType(caller, `'${name}'.data`, data, Float32Array);
  }
}

/** Integers from -127 to 127, and for each output what they are multiplied by. */
export type Int8Weights = { readonly data: Int8Array; readonly scales: Float32Array };

/**
 * Float32 numbers as integers of 8 bits, one scale for each output: its largest number becomes 127.
 *
 * @param array a kernel
 * @param axis that of the outputs
 * @returns integers and scales
 */
export function int8Weights({ data, shape }: NamedArray, axis: number): Int8Weights {
  const numbers = data as Float32Array;
  const outputs = shape[axis] as number;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outputOf = (i: number): number => Math.floor(i / inner) % outputs;
  const largest = new Float32Array(outputs);
  for (const [i, x] of numbers.entries()) {
    const output = outputOf(i);
    largest[output] = Math.max(largest[output] as number, Math.abs(x));
  }
  const scales = largest.map((size) => (size === 0 ? 1 : size / 127));
  const scaled = (x: number, i: number): number => Math.round(x / (scales[outputOf(i)] as number));
  return { data: Int8Array.from(numbers, scaled), scales };
}

/**
 * The weights that a file of this type computes with: kernels rounded, everything else as it is.
 *
 * @param params our arrays by path; kernels are `[in, out]`
 * @param type how the file stores kernels
 * @returns float32 arrays by the same paths
 * @throws RangeError for another type
 * @example
 * const { encoder } = namedToTree(roundedWeights(await treeToNamed(params), 'int8'));
 */
export function roundedWeights(params: NamedArrays, type: WeightType): NamedArrays {
  expectArrays('roundedWeights', params);
  expectWeightType('roundedWeights', type);
  if (type === 'fp32') return params;
  const kernels = Object.entries(params).filter(([name]) => name.endsWith('/kernel'));
  for (const [name, { dtype, shape }] of kernels) {
    if (dtype === 'F32' && shape.length === 2) continue;
    throw new RangeError(
      `roundedWeights: '${name}' must be F32 of 2 axes, got ${dtype} [${shape.join(', ')}]`,
    );
  }
  const rounded = Object.fromEntries(kernels);
  return { ...params, ...(type === 'fp16' ? widened(toHalf(rounded)) : int8Rounded(rounded)) };
}

function int8Rounded(kernels: NamedArrays): NamedArrays {
  return Object.fromEntries(
    Object.entries(kernels).map(([name, array]) => {
      const { data, scales } = int8Weights(array, 1);
      const numbers = Float32Array.from(data, (x, i) => x * (scales[i % scales.length] as number));
      return [name, { ...array, data: numbers }];
    }),
  );
}
