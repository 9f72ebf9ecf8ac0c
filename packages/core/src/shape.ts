import type { Tensor } from '@tensorflow/tfjs-core';
import { expectOptions, expectTensor, refuse } from './check.ts';
import { namedLeaves, type Params } from './tree.ts';

/**
 * Checks a tensor's shape against a pattern in which `null` means any size.
 *
 * @param caller the calling function, named in the error
 * @param argument the argument's name
 * @param tensor the tensor
 * @param pattern the expected sizes
 * @throws TypeError for what is no tensor of numbers; RangeError naming function, argument, the expected and the given shape
 * @example
 * expectShape('infoNCE', 'zB', zB, zA.shape);
 */
export function expectShape(
  caller: string,
  argument: string,
  tensor: Tensor,
  pattern: readonly (number | null)[],
): void {
  expectTensor(caller, argument, tensor);
  const { shape } = tensor;
  const fits =
    shape.length === pattern.length &&
    pattern.every((size, i) => size === null || size === shape[i]);
  if (fits) return;
  const wanted = pattern.map((size) => size ?? '*').join(', ');
  throw new RangeError(
    `${caller}: ${argument} must have shape [${wanted}], got [${shape.join(', ')}]`,
  );
}

/**
 * Checks a tensor's rank.
 *
 * @param caller the calling function, named in the error
 * @param argument the argument's name
 * @param tensor the tensor
 * @param rank the expected number of dimensions
 * @throws TypeError for what is no tensor of numbers; RangeError naming function, argument, the expected rank and the given shape
 * @example
 * expectRank('patchify', 'images', images, 4);
 */
export function expectRank(caller: string, argument: string, tensor: Tensor, rank: number): void {
  expectTensor(caller, argument, tensor);
  if (tensor.rank === rank) return;
  throw new RangeError(
    `${caller}: ${argument} must have ${rank} dimensions, got shape [${tensor.shape.join(', ')}]`,
  );
}

/**
 * Checks that every leaf of a tree is a live tensor.
 *
 * @param caller the calling function, named in the error
 * @param argument the argument's name
 * @param tree the tree
 * @param names the names it must have at its root
 * @throws TypeError naming the path of a leaf that is no tensor, RangeError of one that is disposed
 * @example
 * expectParams('encodeImages', 'params', params);
 */
export function expectParams(
  caller: string,
  argument: string,
  tree: Params,
  names?: readonly string[],
): void {
  if (tree === null || typeof tree !== 'object') {
    refuse(caller, argument, 'be a tree of tensors', tree, TypeError);
  }
  if (names) expectOptions(caller, argument, tree, names);
  for (const [path, leaf] of namedLeaves<Tensor>(tree)) {
    expectTensor(caller, path === '' ? argument : `${argument}/${path}`, leaf);
  }
}
