import {
  add,
  env,
  matMul,
  mul,
  reshape,
  setBackend,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { disposeTree, fold, key, normal, valueAndGrad } from '@twocan/core';
import {
  adamwUpdate,
  attention,
  gatherTokens,
  layerNorm,
  linear,
  linearGelu,
  linearOnData,
  normalizeRows,
  scatterTokens,
  softmaxCrossEntropy,
  weightedMeanSquaredError,
} from '@twocan/ops';
import { type Leaves, worstShare } from './compare.ts';

/** Allowed difference, as a share: ten times what float32 costs such a step. */
const TOLERANCE = 1e-4;

const [VIEWS, TOKENS, KEPT, PATCH, WIDTH] = [4, 6, 3, 12, 8];

const SHAPES = {
  embed: [PATCH, WIDTH],
  embedBias: [WIDTH],
  scale: [WIDTH],
  bias: [WIDTH],
  qkv: [WIDTH, 3 * WIDTH],
  qkvBias: [3 * WIDTH],
  up: [WIDTH, 2 * WIDTH],
  upBias: [2 * WIDTH],
  down: [2 * WIDTH, PATCH],
  mask: [1, 1, 2 * WIDTH],
  project: [2 * WIDTH, WIDTH],
} as const;

type Weights = { readonly [name in keyof typeof SHAPES]: Tensor };

const draw = (name: string, shape: readonly number[]): Tensor =>
  tensor(
    normal(
      fold(key(0), name),
      shape.reduce((a, b) => a * b),
    ),
    [...shape],
  );

/** A transformer block over the visible tokens, prediction of the masked ones, and InfoNCE of two views. */
function loss(w: Weights, patches: Tensor3D, noise: Tensor3D): Tensor {
  const visible = Int32Array.from({ length: VIEWS * KEPT }, (_, i) => (5 * i) % TOKENS);
  const restore = Int32Array.from({ length: VIEWS * TOKENS }, (_, i) => (i + 1) % TOKENS);
  const embedded = linearOnData(patches, w.embed as Tensor2D, w.embedBias as Tensor1D) as Tensor3D;
  const seen = gatherTokens(embedded, visible, KEPT);
  const normalized = layerNorm(seen, w.scale as Tensor1D, w.bias as Tensor1D);
  const mixed = attention(
    linear(normalized, w.qkv as Tensor2D, w.qkvBias as Tensor1D) as Tensor3D,
    2,
  );
  const hidden = linearGelu(add(seen, mixed), w.up as Tensor2D, w.upBias as Tensor1D) as Tensor3D;
  const whole = scatterTokens(hidden, w.mask, restore, TOKENS);
  const weights = tensor(
    Float32Array.from({ length: VIEWS * TOKENS }, (_, i) => (i % 3) / 8),
    [VIEWS, TOKENS],
  ) as Tensor2D;
  const drawn = linear(whole, w.down as Tensor2D) as Tensor3D;
  const error = weightedMeanSquaredError(drawn, noise, weights);
  const z = normalizeRows(
    linear(reshape(hidden, [VIEWS * KEPT, -1]), w.project as Tensor2D) as Tensor2D,
  );
  const labels = Int32Array.from({ length: VIEWS * KEPT }, (_, i) => i ^ 1);
  return add(error, softmaxCrossEntropy(mul(matMul(z, transpose(z)), 2) as Tensor2D, labels));
}

/** A step of the smallest CAN on the current backend: its loss, gradients, and one update. */
async function step(): Promise<Leaves> {
  const shapes = Object.entries(SHAPES);
  const weights = Object.fromEntries(
    shapes.map(([name, shape]) => [name, draw(name, shape)]),
  ) as Weights;
  const [patches, noise] = ['patches', 'noise'].map((name) => draw(name, [VIEWS, TOKENS, PATCH]));
  const { loss: value, grads } = valueAndGrad((w: Weights) => ({
    loss: loss(w, patches as Tensor3D, noise as Tensor3D) as never,
  }))(weights);
  const zeros = tidy(() => mul(weights.qkv, 0));
  const { parameter, m, v } = adamwUpdate(weights.qkv, grads.qkv, zeros, zeros, {
    learningRate: 0.1,
    b1: 0.9,
    b2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.05,
    step: 1,
  });
  const made: readonly (readonly [string, Tensor])[] = [
    ['the loss', value],
    ...Object.entries(grads).map(
      ([name, gradient]) => [`the gradient of ${name}`, gradient] as const,
    ),
    ['AdamW', parameter],
  ];
  const leaves = await Promise.all(
    made.map(async ([path, leaf]) => [path, Float32Array.from(await leaf.data())] as const),
  );
  disposeTree([weights, grads, value, zeros, parameter, m, v, patches, noise] as Tensor[]);
  return leaves;
}

let expected: Leaves | undefined;

/** The step on cpu, once; its backend advertises others unless in production. */
async function onCpu(): Promise<Leaves> {
  const isProduction = env().getBool('PROD');
  env().set('PROD', true);
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  try {
    return await step();
  } finally {
    env().set('PROD', isProduction);
  }
}

/**
 * Compares a small training step with cpu: drivers and versions of native libraries do compute wrong
 * numbers. The backend is current afterwards.
 *
 * @param tfjsName the backend's name in tfjs; it is registered
 * @throws Error if anything differs by more than float32 explains
 */
export async function checkParity(tfjsName: string): Promise<void> {
  expected ??= await onCpu();
  if (!(await setBackend(tfjsName))) throw new Error('tfjs could not start it');
  const [path, share] = worstShare(await step(), expected);
  if (share <= TOLERANCE) return;
  const amount = Number.isNaN(share) ? 'is not a number' : `is off by ${share.toExponential(1)}`;
  throw Object.assign(new Error(`it computes something else than cpu: ${path} ${amount}`), {
    remedy: 'its driver or library is at fault',
    wrong: true,
  });
}
