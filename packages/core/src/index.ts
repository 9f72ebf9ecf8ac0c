export {
  expectEpsilon,
  expectInteger,
  expectNumber,
  expectOptions,
  expectTensor,
  expectType,
  refuse,
} from './check.ts';
export {
  type Communicator,
  expectCommunicator,
  ranksThatDiffer,
  type StartedSum,
  solo,
} from './communicator.ts';
export { registerGradients } from './gradients.ts';
export { bits, expectKey, fold, type Key, key, split, threefry } from './key.ts';
export type { GradientListener } from './listen.ts';
export { normal, permutation, uniform, uniformInt } from './random.ts';
export { expectParams, expectRank, expectShape } from './shape.ts';
export { stopGradient } from './stop-gradient.ts';
export {
  disposeTree,
  mapTree,
  namedLeaves,
  type Params,
  sortedLeaves,
  type Tree,
  treeFromNamed,
} from './tree.ts';
export {
  type LossContext,
  type LossOutput,
  type ValueAndGrad,
  valueAndGrad,
} from './value-and-grad.ts';
export { type FirstNonFinite, type TensorFacts, watchKernels } from './watch-kernels.ts';
