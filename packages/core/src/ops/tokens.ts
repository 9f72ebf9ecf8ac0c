import {
  concat,
  gather,
  matMul,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor1d,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectRank, expectShape } from '../shape.ts';
import { defineOp } from './define.ts';

// Rows of [B·N, D] are gathered on axis 0: tfjs's batched gather gives wrong numbers on wasm, and
// its gradient has no kernel there. The gradient of a gather of distinct rows is another gather.

/** Appends one row of `fill` `[1, D]` to `[M, D]` and gathers rows. */
const gatherOr = (x: Tensor2D, fill: Tensor2D, index: Tensor): Tensor2D =>
  gather(concat([x, fill], 0), index as Tensor2D) as Tensor2D;

const rows = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape[2] ?? 1]) as Tensor2D;

/** Where each of `total` rows went: its place in `index`, or the appended row. */
function inverse(index: Int32Array, total: number): Int32Array {
  const back = new Int32Array(total).fill(index.length);
  index.forEach((row, place) => {
    if (row < total) back[row] = place;
  });
  return back;
}

const gatherOp = defineOp<{ count: number }>({
  name: 'gatherTokens',
  inputs: ['x'],
  constants: ['index', 'back'],
  forward: ([x], [index], { count }) => {
    const [batch = 0, , width = 0] = (x as Tensor).shape;
    const picked = gather(rows(x as Tensor), index as Tensor2D);
    return [reshape(picked, [batch, count, width])];
  },
  backward: (dy, [x], [, back]) => {
    const { shape } = x as Tensor;
    const nothing = zeros([1, shape[2] ?? 1]) as Tensor2D;
    return [reshape(gatherOr(rows(dy), nothing, back as Tensor), shape)];
  },
});

const scatterOp = defineOp<{ count: number }>({
  name: 'scatterTokens',
  inputs: ['x', 'fill'],
  constants: ['index', 'back', 'filled'],
  forward: ([x, fill], [index], { count }) => {
    const [batch = 0, , width = 0] = (x as Tensor).shape;
    const row = reshape(fill as Tensor, [1, width]) as Tensor2D;
    return [reshape(gatherOr(rows(x as Tensor), row, index as Tensor), [batch, count, width])];
  },
  backward: (dy, [x, fill], [, back, filled]) => {
    const d = rows(dy);
    return [
      reshape(gather(d, back as Tensor2D), (x as Tensor).shape),
      reshape(matMul(filled as Tensor2D, d), (fill as Tensor).shape),
    ];
  },
});

/**
 * Picks tokens of each image by index.
 *
 * @param x `[B, N, D]`
 * @param indices B·K token indices in [0, N), image by image, distinct within an image
 * @param count K
 * @returns `[B, K, D]`
 * @throws RangeError if `indices` does not hold B·K numbers or one is out of range
 * @example
 * gatherTokens(x, Int32Array.of(2, 0, 1, 3), 2); // tokens 2, 0 of image 0 and 1, 3 of image 1
 */
export function gatherTokens(x: Tensor3D, indices: Int32Array, count: number): Tensor3D {
  expectRank('gatherTokens', 'x', x, 3);
  const [batch, tokens] = x.shape;
  if (indices.length !== batch * count || indices.some((i) => i < 0 || i >= tokens)) {
    throw new RangeError(
      `gatherTokens: indices must hold ${batch}·${count} numbers in [0, ${tokens}), got ${indices.length}`,
    );
  }
  const flat = indices.map((i, place) => Math.floor(place / count) * tokens + i);
  return tidy(() => {
    const index = tensor1d(flat, 'int32');
    const back = tensor1d(inverse(flat, batch * tokens), 'int32');
    return gatherOp([x], [index, back], { count }) as Tensor3D;
  });
}

/**
 * Puts kept tokens back in their places and one learned token in all others.
 *
 * @param x `[B, K, D]`, the kept tokens
 * @param fill `[1, 1, D]`, e.g. the mask token
 * @param restore B·N ranks: token t of an image is `x[rank]` where rank < K, else the fill
 * @param count N
 * @returns `[B, N, D]`
 * @throws RangeError if the shapes do not fit or `restore` does not hold B·N numbers
 * @example
 * scatterTokens(kept, maskToken, mask.restore, 64); // [B, 64, D]
 *
 * He et al., arXiv 2111.06377: `ids_restore` of the masked autoencoder.
 */
export function scatterTokens(
  x: Tensor3D,
  fill: Tensor,
  restore: Int32Array,
  count: number,
): Tensor3D {
  expectRank('scatterTokens', 'x', x, 3);
  const [batch, kept, width] = x.shape;
  expectShape('scatterTokens', 'fill', fill, [1, 1, width]);
  if (restore.length !== batch * count) {
    throw new RangeError(
      `scatterTokens: restore must hold ${batch}·${count} ranks, got ${restore.length}`,
    );
  }
  const flat = restore.map((rank, place) =>
    rank < kept ? Math.floor(place / count) * kept + rank : batch * kept,
  );
  return tidy(() => {
    const index = tensor1d(flat, 'int32');
    const back = tensor1d(inverse(flat, batch * kept), 'int32');
    const isFilled = Float32Array.from(flat, (row) => (row === batch * kept ? 1 : 0));
    const filled = tensor2d(isFilled, [1, flat.length]);
    return scatterOp([x, fill], [index, back, filled], { count }) as Tensor3D;
  });
}
