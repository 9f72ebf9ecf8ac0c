import {
  concat,
  gatherND,
  matMul,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectInteger, expectRank, expectShape, expectType } from '@twocan/core';
import { defineOp } from './define.ts';

// Rows of [B·N, D] are copied by gatherND: on stock wasm a batched gather gives wrong numbers, a flat
// one takes 30 times as long, and neither has a gradient. That of distinct rows is another gather.

/** The rows of `[M, D]` that a column `[R, 1]` of row numbers names, as `[R, D]`. */
const gatherRows = (x: Tensor2D, index: Tensor): Tensor2D => gatherND(x, index) as Tensor2D;

/** Appends one row of `fill` `[1, D]` to `[M, D]` and gathers rows. */
const gatherOr = (x: Tensor2D, fill: Tensor2D, index: Tensor): Tensor2D =>
  gatherRows(concat([x, fill], 0), index);

const rows = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape[2] ?? 1]) as Tensor2D;

const column = (index: Int32Array): Tensor2D => tensor2d(index, [index.length, 1], 'int32');

/** Where each of `total` rows went: its place in `index`, or the appended row. */
function inverse(caller: string, index: Int32Array, total: number): Int32Array {
  const nowhere = index.length;
  const back = new Int32Array(total).fill(nowhere);
  index.forEach((row, place) => {
    if (row >= total) return;
    if (back[row] !== nowhere) {
      throw new RangeError(`${caller}: each token may be named once, got row ${row} twice`);
    }
    back[row] = place;
  });
  return back;
}

type Gather = { readonly x: Tensor3D; readonly index: Tensor; readonly back: Tensor };
type Count = { readonly count: number };

const gatherOp = defineOp({
  name: 'gatherTokens',
  inputs: ['x'],
  integers: ['index', 'back'],
  forward: ({ x, index }: Gather, { count }: Count) => {
    const [batch, , width] = x.shape;
    return { y: reshape(gatherRows(rows(x), index), [batch, count, width]) as Tensor3D };
  },
  backward: ({ dy, x, back }) => {
    const nothing = zeros([1, x.shape[2]]) as Tensor2D;
    return { x: reshape(gatherOr(rows(dy), nothing, back), x.shape) };
  },
});

type Scatter = Gather & { readonly fill: Tensor; readonly filled: Tensor2D };

const scatterOp = defineOp({
  name: 'scatterTokens',
  inputs: ['x', 'fill'],
  integers: ['index', 'back'],
  forward: ({ x, fill, index }: Scatter, { count }: Count) => {
    const [batch, , width] = x.shape;
    const row = reshape(fill, [1, width]) as Tensor2D;
    return { y: reshape(gatherOr(rows(x), row, index), [batch, count, width]) as Tensor3D };
  },
  backward: ({ dy, x, fill, back, filled }) => {
    const d = rows(dy);
    return {
      x: reshape(gatherRows(d, back), x.shape),
      fill: reshape(matMul(filled, d), fill.shape),
    };
  },
});

/**
 * Picks tokens of each image by index.
 *
 * @param x `[B, N, D]`
 * @param indices B·K token indices in [0, N), image by image, distinct within an image
 * @param count K
 * @returns `[B, K, D]`
 * @throws RangeError if `indices` does not hold B·K numbers, or one is out of range or there twice
 * @example
 * gatherTokens(x, Int32Array.of(2, 0, 1, 3), 2); // tokens 2, 0 of image 0 and 1, 3 of image 1
 */
export function gatherTokens(x: Tensor3D, indices: Int32Array, count: number): Tensor3D {
  expectRank('gatherTokens', 'x', x, 3);
  const [batch, tokens] = x.shape;
  expectType('gatherTokens', 'indices', indices, Int32Array);
  expectInteger('gatherTokens', 'count', count, 0);
  if (indices.length !== batch * count || indices.some((i) => i < 0 || i >= tokens)) {
    throw new RangeError(
      `gatherTokens: indices must hold ${batch}·${count} numbers in [0, ${tokens}), got ${indices.length}`,
    );
  }
  const flat = indices.map((i, place) => Math.floor(place / count) * tokens + i);
  return tidy(() => {
    const index = column(flat);
    const back = column(inverse('gatherTokens', flat, batch * tokens));
    return gatherOp({ x, index, back }, { count });
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
 * @throws RangeError if the shapes do not fit, or `restore` does not hold B·N ranks or a kept one twice
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
  expectType('scatterTokens', 'restore', restore, Int32Array);
  expectInteger('scatterTokens', 'count', count, 0);
  if (restore.length !== batch * count || restore.some((rank) => rank < 0)) {
    throw new RangeError(
      `scatterTokens: restore must hold ${batch}·${count} ranks ≥ 0, got ${restore.length} numbers`,
    );
  }
  const flat = restore.map((rank, place) =>
    rank < kept ? Math.floor(place / count) * kept + rank : batch * kept,
  );
  return tidy(() => {
    const index = column(flat);
    const back = column(inverse('scatterTokens', flat, batch * kept));
    const isFilled = flat.map((row) => (row === batch * kept ? 1 : 0));
    const filled = tensor2d(new Float32Array(isFilled), [1, flat.length]);
    return scatterOp({ x, fill, index, back, filled }, { count });
  });
}
