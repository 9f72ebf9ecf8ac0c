import type { TensorInfo } from '@tensorflow/tfjs-core';

/** The tensors that a kernel reads, by name. */
export type Inputs = Readonly<Record<string, TensorInfo | undefined>>;

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** How many products of the same size a linear map's kernel computes. */
const LINEAR: Readonly<Record<string, number>> = {
  'twocan.linear': 1,
  'twocan.linearNoBias': 1,
  'twocan.linearOnData': 1,
  'twocan.linearGelu': 1,
  'twocan.linear.gradient': 2,
  'twocan.linearNoBias.gradient': 2,
  'twocan.linearOnData.gradient': 1,
  'twocan.linearGelu.gradient': 2,
};

/** The same for attention: scores and mixing; backward, the gradients of both sides of each. */
const ATTENTION: Readonly<Record<string, number>> = {
  'twocan.attention': 2,
  'twocan.attention.gradient': 4,
};

/**
 * The multiplications and additions of a kernel's products of matrices.
 *
 * @param name the kernel
 * @param inputs its tensors
 * @param outputs its results
 * @returns how many; 0 for a kernel without products
 */
export function flopsOf(name: string, inputs: Inputs, outputs: readonly TensorInfo[]): number {
  const linear = LINEAR[name];
  if (linear !== undefined && inputs.x && inputs.kernel) {
    return linear * 2 * size(inputs.x.shape) * (inputs.kernel.shape.at(-1) ?? 0);
  }
  const attention = ATTENTION[name];
  if (attention !== undefined && inputs.qkv) {
    const [batch = 0, tokens = 0, packed = 0] = inputs.qkv.shape;
    return attention * 2 * batch * tokens * tokens * (packed / 3);
  }
  if ((name === 'BatchMatMul' || name === '_FusedMatMul') && inputs.a && outputs[0]) {
    // a is [.., m, k] or its transpose, the result [.., m, n]: m k · n, for each matrix of the result.
    const [rows = 0, columns = 0] = outputs[0].shape.slice(-2);
    const batch = size(outputs[0].shape.slice(0, -2));
    return (2 * batch * columns * size(inputs.a.shape.slice(-2)) * rows) / rows;
  }
  return 0;
}
