export {
  expectEpsilon,
  expectInteger,
  expectNumber,
  expectOptions,
  expectTensor,
  expectType,
  refuse,
} from './check.ts';
export { registerGradients } from './gradients.ts';
export { bits, expectKey, fold, type Key, key, split, threefry } from './key.ts';
export {
  type AdamwOptions,
  type AdamwResult,
  type Attributes,
  adamwUpdate,
  attention,
  attentionWeights,
  batchNorm,
  defineOp,
  floatOf,
  gatherTokens,
  gelu,
  layerNorm,
  linear,
  linearGelu,
  linearOnData,
  normalizeRows,
  normalRows,
  type Op,
  type OpDefinition,
  residualSum,
  scatterTokens,
  softmaxCrossEntropy,
  softTargetCrossEntropy,
  squaredNorm,
  updatesInPlace,
  weightedMeanSquaredError,
} from './ops/index.ts';
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
