import { clone, type Tensor } from '@tensorflow/tfjs-core';
import {
  disposeTree,
  expectInteger,
  expectOptions,
  expectParams,
  expectType,
  mapTree,
  type Params,
} from '@twocan/core';
import { expectTransform, type Transform } from '@twocan/optim';

/**
 * Everything that a run needs besides its key and data: plain trees, ready for a checkpoint.
 *
 * The step's randomness is folded from the root key and `step`, so no generator is stored.
 */
export type TrainState<P extends Params = Params> = {
  /** How many steps are done. */
  readonly step: number;
  readonly params: P;
  readonly optimizer: Params;
  /** The exponential moving average of the parameters, where one is kept. */
  readonly ema?: P;
};

/**
 * The state before the first step.
 *
 * The parameters are cloned (the numbers are shared, not copied): dispose yours when you like.
 *
 * @param params initial parameters
 * @param optimizer the transform that will train them
 * @param options `ema: true` starts a moving average at the parameters
 * @returns state at step 0, owned by the caller
 * @example
 * const state = initState(params, adamw({ learningRate: 1e-3 }), { ema: true });
 */
export function initState<P extends Params>(
  params: P,
  optimizer: Transform,
  options: { readonly ema?: boolean } = {},
): TrainState<P> {
  expectParams('initState', 'params', params);
  expectTransform('initState', 'optimizer', optimizer);
  expectOptions('initState', 'options', options, [], ['ema']);
  const { ema = false } = options;
  expectType('initState', 'ema', ema, 'boolean');
  const copy = (): P => mapTree((p: Tensor) => clone(p), params) as P;
  const begun = { step: 0, params: copy(), optimizer: optimizer.init(params) };
  return ema ? { ...begun, ema: copy() } : begun;
}

/**
 * Disposes the tensors of a state, except those that are also in another.
 *
 * @param state the state to end
 * @param keeping a state that lives on
 * @example
 * disposeState(before, after);
 */
export function disposeState(state: TrainState, keeping?: TrainState): void {
  expectOptions('disposeState', 'state', state, STATE);
  if (keeping !== undefined) expectOptions('disposeState', 'keeping', keeping, STATE);
  disposeTree(trees(state), keeping && trees(keeping));
}

const STATE = ['step', 'params', 'optimizer'];

/** Checks that an argument is a state that was not disposed. */
export function expectState(caller: string, state: TrainState): void {
  expectOptions(caller, 'state', state, STATE);
  expectInteger(caller, 'state.step', state.step, 0, Number.MAX_SAFE_INTEGER);
  for (const tree of trees(state)) expectParams(caller, 'state', tree);
}

const trees = ({ params, optimizer, ema }: TrainState): Params[] =>
  ema === undefined ? [params, optimizer] : [params, optimizer, ema];
