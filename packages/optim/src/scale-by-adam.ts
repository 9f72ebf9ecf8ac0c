import type { Tensor } from '@tensorflow/tfjs-core';
import { expectOptions, mapTree, type Params } from '@twocan/core';
import { type AdamwNumbers, adamwUpdate } from '@twocan/ops';
import { expectSettings, expectUpdate } from './check.ts';
import { type Transform, tidyTree, zeros } from './transform.ts';

/** The knobs of {@link scaleByAdam}. */
export type AdamOptions = {
  /** Decay of the first moment; 0.9 by default. */
  readonly b1?: number;
  /** Decay of the second moment; 0.95 by default, as for masked pre-training (PyTorch: 0.999). */
  readonly b2?: number;
  /** Added to the root of the second moment; 1e-8 by default. */
  readonly epsilon?: number;
};

/** State of {@link scaleByAdam}: both moments of each parameter, in trees like the parameters. */
export type AdamState = { readonly m: Params; readonly v: Params };

/** The names of the options, for transforms that take them along with their own. */
export const ADAM_OPTIONS = ['b1', 'b2', 'epsilon'] as const;

/** The options with their defaults. */
export const adamNumbers = ({
  b1 = 0.9,
  b2 = 0.95,
  epsilon = 1e-8,
}: AdamOptions): Required<AdamOptions> => ({ b1, b2, epsilon });

/**
 * Divides gradients by the root of their running second moment: Adam without a learning rate.
 *
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², update = m̂/(√v̂ + ε) with bias-corrected m̂, v̂.
 *
 * @param options moments and ε
 * @returns the transform; its state is `{ m, v }`
 * @throws RangeError for moments outside [0, 1) or a negative epsilon
 * @example
 * chain(scaleByAdam(), scaleByLearningRate(1e-3)); // Adam
 *
 * Kingma and Ba, arXiv 1412.6980; `optax.scale_by_adam`.
 */
export function scaleByAdam(options: AdamOptions = {}): Transform<AdamState> {
  expectSettings('scaleByAdam', options, [], ADAM_OPTIONS);
  const numbers = adamNumbers(options);
  return {
    init: (params) => ({ m: zeros(params), v: zeros(params) }),
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectAdamState('scaleByAdam', grads, state, params, step);
        // The update of parameters that are 0, at the rate -1 and without decay, is the direction alone.
        const origin = zeros(params);
        const { parameter, m, v } = adamLeaves(origin, grads, state, () => ({
          ...numbers,
          learningRate: -1,
          weightDecay: 0,
          step: step + 1,
        }));
        return { updates: parameter, state: { m, v } };
      }),
  };
}

/** Checks the arguments of an update whose state are the two moments. */
export function expectAdamState(
  caller: string,
  grads: Params,
  state: AdamState,
  params: Params,
  step: number,
): void {
  expectOptions(caller, 'state', state, ['m', 'v']);
  expectUpdate(caller, params, { grads, 'state/m': state.m, 'state/v': state.v }, step);
}

/** One AdamW update of each leaf, with the numbers that hold for it, as trees. */
export function adamLeaves<P extends Params>(
  params: P,
  grads: P,
  state: AdamState,
  numbersOf: (path: string, parameter: Tensor) => AdamwNumbers,
): { readonly parameter: P } & AdamState {
  const m = new Map<string, Tensor>();
  const v = new Map<string, Tensor>();
  const parameter = mapTree(
    (p: Tensor, path, g: Tensor, oldM: Tensor, oldV: Tensor) => {
      const updated = adamwUpdate(p, g, oldM, oldV, numbersOf(path, p));
      m.set(path, updated.m);
      v.set(path, updated.v);
      return updated.parameter;
    },
    params,
    grads,
    state.m,
    state.v,
  ) as P;
  const like = (leaves: Map<string, Tensor>): Params =>
    mapTree((_: Tensor, path) => leaves.get(path) as Tensor, params);
  return { parameter, m: like(m), v: like(v) };
}
