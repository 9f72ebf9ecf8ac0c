export { makeBalancedStep } from './balanced.ts';
export { isNonFinite, type NonFiniteError } from './failure.ts';
export type { Step, StepOptions, StepResult } from './finish.ts';
export { type FitOptions, fit, type TrainEvent } from './fit.ts';
export { type LargeBatchLoss, makeLargeBatchStep, type Part } from './large-batch.ts';
export { nonFiniteLeaf } from './non-finite-leaf.ts';
export { gradientShares, type LossTerm } from './shares.ts';
export { disposeState, initState, type TrainState } from './state.ts';
export { type Loss, makeStep } from './step.ts';
