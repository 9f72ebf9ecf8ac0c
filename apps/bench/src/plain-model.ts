/**
 * CAN as one writes it with tfjs ops alone: no op of twocan, every gradient as tfjs derives it
 * (so transposed products in every backward pass). It takes twocan's parameters, masks, levels and
 * noise, and must give the same loss; the bench checks that before it times anything.
 *
 * `tf.gather` with a batch axis is wrong on wasm and has no gradient there, so tokens are picked by
 * a one-hot product, the usual way round it.
 */
import {
  add,
  cast,
  concat,
  div,
  erf,
  logSoftmax,
  matMul,
  mean,
  moments,
  mul,
  neg,
  norm,
  oneHot,
  ones,
  reshape,
  rsqrt,
  type Scalar,
  slice,
  softmax,
  sqrt,
  square,
  squaredDifference,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  transpose,
} from '@tensorflow/tfjs-core';

export type Dense = { readonly kernel: Tensor; readonly bias?: Tensor };
export type Norm = { readonly scale: Tensor; readonly bias: Tensor };
export type Block = {
  readonly norm1: Norm;
  readonly attention: { readonly qkv: Dense; readonly out: Dense };
  readonly norm2: Norm;
  readonly mlp: { readonly hidden: Dense; readonly out: Dense };
};

/** `x W + b` over the last axis. */
export function plainDense(x: Tensor, { kernel, bias }: Dense): Tensor {
  const width = x.shape[x.rank - 1] ?? 0;
  const out = kernel.shape[1] ?? 0;
  const product = matMul(reshape(x, [-1, width]) as Tensor2D, kernel as Tensor2D);
  const biased = bias ? add(product, bias) : product;
  return reshape(biased, [...x.shape.slice(0, -1), out]);
}

/** Layer norm by tf.moments. */
export function plainNorm(x: Tensor, { scale, bias }: Norm, epsilon: number): Tensor {
  const { mean: centre, variance } = moments(x, -1, true);
  return add(mul(mul(sub(x, centre), rsqrt(add(variance, epsilon))), scale), bias);
}

export function plainGelu(x: Tensor): Tensor {
  return mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1));
}

/** A pre-norm transformer block `[B, N, D] -> [B, N, D]`. */
export function plainBlock(x: Tensor, params: Block, heads: number, epsilon: number): Tensor {
  const attended = add(
    x,
    plainAttention(plainNorm(x, params.norm1, epsilon), params.attention, heads),
  );
  const hidden = plainDense(plainNorm(attended, params.norm2, epsilon), params.mlp.hidden);
  return add(attended, plainDense(plainGelu(hidden), params.mlp.out));
}

function plainAttention(x: Tensor, params: Block['attention'], heads: number): Tensor {
  const [batch = 0, tokens = 0, width = 0] = x.shape;
  const qkv = plainDense(x, params.qkv);
  const [q, k, v] = [0, 1, 2].map((part) => {
    const own = slice(qkv, [0, 0, part * width], [batch, tokens, width]);
    return transpose(reshape(own, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
  }) as [Tensor, Tensor, Tensor];
  const scores = mul(matMul(q, k, false, true), 1 / Math.sqrt(width / heads));
  const mixed = matMul(softmax(scores, -1), v);
  return plainDense(reshape(transpose(mixed, [0, 2, 1, 3]), x.shape), params.out);
}

/** Images `[B, H, W, C]` to patches `[B, N, p p C]` by one rank-6 transpose. */
export function plainPatches(images: Tensor, patch: number): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.shape;
  const [rows, columns] = [height / patch, width / patch];
  const cells = reshape(images, [batch, rows, patch, columns, patch, channels]);
  return reshape(transpose(cells, [0, 1, 3, 2, 4, 5]), [
    batch,
    rows * columns,
    patch * patch * channels,
  ]);
}

/** `[M]` places to `[M, count]`; tf.oneHot of type float32 is wrong on wasm, so it is cast. */
const hot = (places: Int32Array, count: number): Tensor2D =>
  cast(oneHot(tensor1d(places, 'int32'), count), 'float32') as Tensor2D;

/** Picks tokens: `[B, N, D]` and B*K places to `[B, K, D]`. */
export function plainPick(x: Tensor, places: Int32Array, count: number): Tensor {
  const [batch = 0, tokens = 0] = x.shape;
  const picked = reshape(hot(places, tokens), [batch, count, tokens]) as Tensor3D;
  return matMul(picked, x as Tensor3D);
}

/** The decoder's token sequence: kept tokens at their places, the mask token elsewhere. */
export function plainRestore(x: Tensor, maskToken: Tensor, restore: Int32Array): Tensor {
  const [batch = 0, kept = 0, width = 0] = x.shape;
  const tokens = restore.length / batch;
  const fill = mul(ones([batch, tokens - kept, width]), maskToken);
  return plainPick(concat([x, fill], 1), restore, tokens);
}

/** `sum w mean_p (a - b)^2 / sum w`. */
export function plainPatchLoss(prediction: Tensor, target: Tensor, weights: Tensor): Scalar {
  const each = mean(squaredDifference(prediction, target), -1);
  return div(sum(mul(each, weights)), sum(weights));
}

/** Batch norm with the statistics of the batch. */
export function plainBatchNorm(x: Tensor, { scale, bias }: Norm, epsilon: number): Tensor {
  const { mean: centre, variance } = moments(x, 0, true);
  return add(mul(mul(sub(x, centre), rsqrt(add(variance, epsilon))), scale), bias);
}

/** InfoNCE over two views of B images: 2B rows, each with 1 positive and 2B - 2 negatives. */
export function plainInfoNCE(first: Tensor, second: Tensor, temperature: number): Scalar {
  const batch = first.shape[0] ?? 0;
  const rows = concat([first, second], 0);
  const z = div(rows, norm(rows, 2, 1, true));
  const places = Int32Array.from({ length: 2 * batch }, (_, i) => i);
  const self = hot(places, 2 * batch);
  const partner = hot(
    places.map((i) => (i + batch) % (2 * batch)),
    2 * batch,
  );
  const scores = sub(
    div(matMul(z as Tensor2D, z as Tensor2D, false, true), temperature),
    mul(self, 1e9),
  );
  return neg(mean(sum(mul(logSoftmax(scores as Tensor2D), partner), -1)));
}

export type Moments = { readonly m: Tensor; readonly v: Tensor };

/** AdamW on one parameter, as its formula reads. */
export function plainAdamW(
  parameter: Tensor,
  grad: Tensor,
  { m, v }: Moments,
  { step, lr, decay }: { readonly step: number; readonly lr: number; readonly decay: number },
): Tensor[] {
  const nextM = add(mul(m, 0.9), mul(grad, 0.1));
  const nextV = add(mul(v, 0.95), mul(square(grad), 0.05));
  const direction = div(div(nextM, 1 - 0.9 ** step), add(sqrt(div(nextV, 1 - 0.95 ** step)), 1e-8));
  return [sub(sub(parameter, mul(parameter, lr * decay)), mul(direction, lr)), nextM, nextV];
}
