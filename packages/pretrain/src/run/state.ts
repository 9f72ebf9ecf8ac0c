import { type CanParams, initCan } from '@twocan/can';
import { disposeTree, expectOptions, expectParams, fold, key, type Params } from '@twocan/core';
import {
  adamw,
  chain,
  clipByGlobalNorm,
  type Schedule,
  type Transform,
  warmupCosine,
} from '@twocan/optim';
import { initState, type TrainState } from '@twocan/trainer';
import type { PretrainConfig } from '../config.ts';

/** A run after some step: all that it needs besides its config and data to go on, bit for bit. */
export type PretrainState = TrainState<CanParams>;

/**
 * The parameters that a run starts from.
 *
 * @param config the run
 * @returns the tree; the caller disposes it
 * @throws RangeError for a config that is not complete
 * @example
 * const untrained = freshParams(config);
 */
export function freshParams(config: Pick<PretrainConfig, 'model' | 'seed'>): CanParams {
  expectOptions('freshParams', 'config', config, ['model', 'seed']);
  return initCan(fold(key(config.seed), 'init'), config.model);
}

/** The rate of each step. */
export const scheduleOf = ({ optimizer, steps }: PretrainConfig): Schedule =>
  warmupCosine({
    base: optimizer.learningRate,
    min: optimizer.minLearningRate,
    warmup: optimizer.warmupSteps,
    total: steps,
  });

/** What updates the weights. */
export function optimizerOf(config: PretrainConfig): Transform {
  const { beta1, beta2, weightDecay, clip } = config.optimizer;
  const own = adamw({ learningRate: scheduleOf(config), b1: beta1, b2: beta2, weightDecay });
  return clip === undefined ? own : chain(clipByGlobalNorm(clip), own);
}

/** The state before the first step. */
export function freshState(config: PretrainConfig): PretrainState {
  const params = freshParams(config);
  const state = initState(params, optimizerOf(config), { ema: config.ema !== undefined });
  disposeTree(params);
  return state;
}

/**
 * The weights that a run is evaluated by and that its encoder has afterwards: the average where one is kept.
 *
 * @param state borrowed
 * @returns its `ema`, or else its `params`
 * @throws TypeError for what is no state
 * @example
 * const features = encode(config.model)(trainedParams(state), images);
 */
export function trainedParams<P extends Params>(state: {
  readonly params: P;
  readonly ema?: P;
}): P {
  expectOptions('trainedParams', 'state', state, ['params']);
  const { params, ema } = state;
  expectParams('trainedParams', 'state.params', params);
  if (ema !== undefined) expectParams('trainedParams', 'state.ema', ema);
  return ema ?? params;
}
