import type { Tensor } from '@tensorflow/tfjs-core';
import { type CanParams, initCan } from '@twocan/can';
import {
  disposeTree,
  expectOptions,
  expectParams,
  fold,
  key,
  mapTree,
  namedLeaves,
  type Params,
  type Tree,
} from '@twocan/core';
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

/** Parameters that a run begins with, and which of their parts came with weights. */
export type StartingParams = {
  /** The caller disposes them. */
  readonly params: CanParams;
  readonly taken: readonly string[];
  /** Drawn, since the weights have no such part or one of another shape. */
  readonly drawn: readonly string[];
};

/**
 * The parameters of a run that begins with weights: those of each part that fits, the others drawn.
 *
 * @param config the run
 * @param weights an encoder, and what else there is; borrowed
 * @returns fresh tensors
 * @throws RangeError for an encoder that does not fit
 * @example
 * const { params, drawn } = startingParams(config, weights);
 */
export function startingParams(
  config: Pick<PretrainConfig, 'model' | 'seed'>,
  weights: Partial<CanParams>,
): StartingParams {
  expectParams('startingParams', 'weights', weights as Params, ['encoder']);
  const fresh = freshParams(config) as unknown as Readonly<Record<string, Params>>;
  const given = weights as unknown as Readonly<Record<string, Params | undefined>>;
  const parts = Object.entries(fresh).map(([name, part]) => ({
    name,
    part,
    own: takenPart(part, given[name]),
  }));
  const names = (isTaken: boolean): string[] =>
    parts.filter(({ own }) => (own !== undefined) === isTaken).map(({ name }) => name);
  if (!names(true).includes('encoder')) {
    for (const { part, own } of parts) disposeTree(own === undefined ? [part] : [part, own]);
    throw new RangeError('startingParams: weights must have an encoder of the sizes of config');
  }
  for (const { part, own } of parts) if (own !== undefined) disposeTree(part);
  const params = Object.fromEntries(parts.map(({ name, part, own }) => [name, own ?? part]));
  return { params: params as unknown as CanParams, taken: names(true), drawn: names(false) };
}

/** A part with given numbers where all of its leaves are there; learned positions come in addition. */
function takenPart(part: Params, given: Params | undefined): Params | undefined {
  if (given === undefined) return undefined;
  const own = new Map(namedLeaves<Tensor>(given));
  const fits = namedLeaves<Tensor>(part).every(
    ([path, { shape }]) => String(own.get(path)?.shape) === String(shape),
  );
  if (!fits) return undefined;
  const taken = mapTree<Tensor, Tensor>(
    (leaf, path) => (own.get(path) ?? leaf).clone(),
    part as Tree<Tensor>,
  );
  const positions = own.get('positions')?.clone();
  return { ...(taken as object), ...(positions && { positions }) } as Params;
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

/** The state before the first step, of parameters that are borrowed or else drawn. */
export function freshState(config: PretrainConfig, initial?: CanParams): PretrainState {
  const params = initial ?? freshParams(config);
  const state = initState(params, optimizerOf(config), { ema: config.ema !== undefined });
  if (initial === undefined) disposeTree(params);
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
