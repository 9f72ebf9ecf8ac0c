import { backend, engine, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WebgpuBackend } from '../gpu.ts';

/** Lanes of a workgroup. */
export const LANES = 64;

/** One dispatch: WGSL for `fn main(index : i32)` and what it is run on. */
export type Dispatch = {
  /** Names the code: equal names must have equal code. */
  readonly name: string;
  /** Inputs by the names that they have in the code, where they are flat arrays. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly shape: readonly number[];
  /** Whole numbers, as `uniforms.name`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Other numbers, as `uniforms.name`. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** One workgroup for each of so many rows; by default one lane for each element of the output. */
  readonly rows?: number;
  /** Writes `result[…]`. */
  readonly code: string;
};

const flat = ({ dataId, dtype, size }: Tensor): TensorInfo => ({ dataId, dtype, shape: [size] });

/**
 * Runs WGSL of our own on the current backend, through the programs of tfjs-backend-webgpu.
 *
 * @returns a fresh float32 tensor
 */
export function dispatch(given: Dispatch): Tensor {
  const { name, inputs, shape, sizes = {}, numbers = {}, rows, code } = given;
  const size = shape.reduce((a, b) => a * b, 1);
  const program = {
    // What profiles call it.
    constructor: { name: `twocan.${name}` },
    shaderKey: `twocan.${name}`,
    variableNames: Object.keys(inputs),
    outputShape: [size],
    dispatchLayout: { x: [0] },
    dispatch: [rows ?? Math.ceil(size / LANES), 1, 1],
    workgroupSize: [LANES, 1, 1],
    size: true,
    uniforms: [
      ...Object.keys(sizes).map((key) => `${key} : i32,`),
      ...Object.keys(numbers).map((key) => `${key} : f32,`),
    ].join(' '),
    getUserCode: () => code,
  };
  const uniforms = [
    ...Object.values(sizes).map((value) => ({ type: 'int32', data: [value] })),
    ...Object.values(numbers).map((value) => ({ type: 'float32', data: [value] })),
  ];
  const { dataId } = (backend() as WebgpuBackend).runWebGPUProgram(
    program,
    Object.values(inputs).map(flat),
    'float32',
    uniforms,
  );
  return engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: 'float32' });
}

/**
 * Code for each element of the output.
 *
 * @param value an expression of `index`, or statements that end with `return`
 */
export const elementwise = (value: string): string => `
  fn value(index : i32) -> f32 { ${value.includes('return') ? value : `return ${value};`} }
  fn main(index : i32) { if (index < uniforms.size) { result[index] = value(index); } }`;

/**
 * Code for a workgroup for each row: `row` and `lane`, and `total` of what the lanes have.
 *
 * @param body statements that all lanes reach together
 */
export const rowwise = (body: string): string => `
  var<workgroup> parts : array<f32, ${LANES}>;
  fn total(lane : i32, part : f32) -> f32 {
    parts[lane] = part;
    workgroupBarrier();
    for (var half = ${LANES / 2}; half > 0; half = half / 2) {
      if (lane < half) { parts[lane] = parts[lane] + parts[lane + half]; }
      workgroupBarrier();
    }
    let sum = parts[0];
    workgroupBarrier();
    return sum;
  }
  fn greatest(lane : i32, part : f32) -> f32 {
    parts[lane] = part;
    workgroupBarrier();
    for (var half = ${LANES / 2}; half > 0; half = half / 2) {
      if (lane < half) { parts[lane] = max(parts[lane], parts[lane + half]); }
      workgroupBarrier();
    }
    let most = parts[0];
    workgroupBarrier();
    return most;
  }
  fn main(index : i32) {
    let lane = i32(localIndex);
    // More workgroups than rows can be started: they do the last one again.
    let row = min(index / ${LANES}, uniforms.rows - 1);
    ${body}
  }`;
