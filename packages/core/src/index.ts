export { registerGradients } from './gradients.ts';
export { bits, fold, type Key, key, split, threefry } from './key.ts';
export { normal, permutation, uniform, uniformInt } from './random.ts';
export { expectRank, expectShape } from './shape.ts';
export {
  disposeTree,
  mapTree,
  namedLeaves,
  type Params,
  type Tree,
  treeFromNamed,
} from './tree.ts';
export { type LossOutput, type ValueAndGrad, valueAndGrad } from './value-and-grad.ts';
