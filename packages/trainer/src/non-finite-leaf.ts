import { add, mul, type Scalar, scalar, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expectParams, namedLeaves, type Params } from '@twocan/core';

/**
 * Looks for NaN and infinity in a tree, such as parameters and an optimizer's moments.
 *
 * One pass over the numbers and one read; only a tree that has such a number is looked at leaf by leaf.
 *
 * @param tree any tree of tensors; borrowed
 * @returns the path of the first leaf with such a number; `undefined` when all are finite
 * @throws TypeError for what is no tree of tensors, RangeError for a disposed one
 * @example
 * await nonFiniteLeaf({ kernel: tensor1d([1, Number.NaN]) }); // 'kernel'
 */
export async function nonFiniteLeaf(tree: Params): Promise<string | undefined> {
  expectParams('nonFiniteLeaf', 'tree', tree);
  const leaves = namedLeaves<Tensor>(tree).filter(([, { dtype }]) => dtype === 'float32');
  if (await areFinite(leaves)) return undefined;
  for (const leaf of leaves) if (!(await areFinite([leaf]))) return leaf[0];
  return undefined;
}

type Leaf = readonly [path: string, leaf: Tensor];

/** 0 · x is 0 for a finite x, else NaN; sums of it cannot overflow. */
async function areFinite(leaves: readonly Leaf[]): Promise<boolean> {
  const trace = tidy(() =>
    leaves.reduce<Scalar>((total, [, leaf]) => add(total, sum(mul(leaf, 0))), scalar(0)),
  );
  const [value = Number.NaN] = await trace.data();
  trace.dispose();
  return value === 0;
}
