import {
  add,
  engine,
  exp,
  matMul,
  mul,
  registerKernel,
  reshape,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  type TensorInfo,
  tidy,
} from '@tensorflow/tfjs-core';

// TensorFlow computes products with either side transposed at full speed, and erf in one pass; what it
// is slow at is many small operations. The plain definitions are cut for stock wasm, where it is the
// other way round.

type Named = Readonly<Record<string, Tensor>>;

const flat = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape[x.rank - 1] ?? 1]) as Tensor2D;
const like = (x: Tensor, y: Tensor2D): Tensor => reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);
const product = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor2D =>
  matMul(a as Tensor2D, b as Tensor2D, transposeA, transposeB);

const erf = (x: Tensor): Tensor => engine().runKernel('Erf', { x: x as Tensor & TensorInfo });

/** The gradients of x, kernel and bias for a gradient `d` of x·W + b. */
const gradients = (d: Tensor2D, { x, kernel }: Named): Tensor[] => [
  reshape(product(d, kernel as Tensor, false, true), (x as Tensor).shape),
  product(flat(x as Tensor), d, true),
  sum(d, 0),
];

const affine = ({ x, kernel, bias }: Named): Tensor2D =>
  add(product(flat(x as Tensor), kernel as Tensor), bias as Tensor);

const KERNELS: Readonly<Record<string, (tensors: Named) => Tensor[]>> = {
  'twocan.linear': (t) => [like(t.x as Tensor, affine(t))],
  'twocan.linear.gradient': (t) => gradients(flat(t.dy as Tensor), t),
  // GELU keeps its argument and Φ; its derivative Φ + x·φ is computed from them in the backward pass.
  'twocan.linearGelu': (t) => {
    const z = affine(t);
    const phi = add(mul(erf(mul(z, Math.SQRT1_2)), 0.5), 0.5);
    return [like(t.x as Tensor, mul(z, phi)), z, phi];
  },
  'twocan.linearGelu.gradient': (t) => {
    const [z, phi] = [t.residual0 as Tensor2D, t.residual1 as Tensor2D];
    const density = mul(exp(mul(square(z), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return gradients(mul(flat(t.dy as Tensor), add(phi, mul(z, density))), t);
  },
};

/**
 * Registers kernels of the op contract that suit TensorFlow.
 *
 * @param backendName the name under which tfjs knows the backend
 */
export function registerTensorFlowKernels(backendName: string): void {
  for (const [kernelName, compute] of Object.entries(KERNELS)) {
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs }) => tidy(() => compute(inputs as unknown as Named)),
    });
  }
}
