import { sub, type Tensor } from '@tensorflow/tfjs-core';
import { adamwUpdate, expectOptions, expectType, mapTree, type Params } from '@twocan/core';
import { expectFraction, expectNotNegative, expectRate, expectUpdate } from './check.ts';
import { decayMatrices } from './rules.ts';
import { zeros } from './sgd.ts';
import {
  type ApplyOptions,
  type LeafRule,
  rateAt,
  type Schedule,
  type Transform,
  tidyTree,
} from './transform.ts';

/** The knobs of {@link adamw}. */
export type AdamwOptions = {
  readonly learningRate: number | Schedule;
  /** Decay of the first moment; 0.9 by default. */
  readonly b1?: number;
  /** Decay of the second moment; 0.95 by default, as for masked pre-training (PyTorch: 0.999). */
  readonly b2?: number;
  /** Added to the root of the second moment; 1e-8 by default. */
  readonly epsilon?: number;
  /** Decoupled decay λ; 0.05 by default. */
  readonly weightDecay?: number;
  /** Which parameters decay; those of rank above 1 by default. */
  readonly decays?: LeafRule<boolean>;
  /** A factor on the learning rate of each parameter, such as {@link layerDecay}; 1 by default. */
  readonly rateScale?: LeafRule<number>;
};

/** State of {@link adamw}: both moments of each parameter, in trees like the parameters. */
export type AdamwState = { readonly m: Params; readonly v: Params };

/**
 * Adam with decoupled weight decay.
 *
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − η(λp + m̂/(√v̂ + ε)) with bias-corrected m̂, v̂.
 *
 * @param options learning rate η (a number or a function of the step), moments, decay
 * @returns the transform; its state is `{ m, v }`
 * @throws RangeError for a negative rate, decay or epsilon, or moments outside [0, 1)
 * @example
 * const optimizer = adamw({ learningRate: warmupCosine({ base: 1e-3, warmup: 40, total: 800 }) });
 *
 * Loshchilov and Hutter, arXiv 1711.05101; as `torch.optim.AdamW`.
 */
export function adamw(options: AdamwOptions): Transform<AdamwState> {
  const names = ['b1', 'b2', 'epsilon', 'weightDecay', 'decays', 'rateScale'];
  expectOptions('adamw', 'options', options, ['learningRate'], names);
  const { learningRate, b1 = 0.9, b2 = 0.95, epsilon = 1e-8, weightDecay = 0.05 } = options;
  const { decays = decayMatrices, rateScale = () => 1 } = options;
  expectRate('adamw', 'learningRate', learningRate);
  expectType('adamw', 'decays', decays, 'function');
  expectType('adamw', 'rateScale', rateScale, 'function');
  expectFraction('adamw', 'b1', b1);
  expectFraction('adamw', 'b2', b2);
  expectNotNegative('adamw', 'epsilon', epsilon);
  expectNotNegative('adamw', 'weightDecay', weightDecay);

  const apply = <P extends Params>(
    grads: P,
    state: AdamwState,
    params: P,
    step: number,
    { donate = false }: ApplyOptions = {},
  ): { params: P; state: AdamwState } =>
    tidyTree(() => {
      expectOptions('adamw', 'state', state, ['m', 'v']);
      expectUpdate('adamw', params, { grads, 'state/m': state.m, 'state/v': state.v }, step);
      const rate = rateAt('adamw', learningRate, step);
      const m = new Map<string, Tensor>();
      const v = new Map<string, Tensor>();
      const next = mapTree(
        (p: Tensor, path, g: Tensor, oldM: Tensor, oldV: Tensor) => {
          const updated = adamwUpdate(p, g, oldM, oldV, {
            learningRate: rate * rateScale(path, p),
            b1,
            b2,
            epsilon,
            weightDecay: decays(path, p) ? weightDecay : 0,
            step: step + 1,
            inPlace: donate,
          });
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
      return { params: next, state: { m: like(m), v: like(v) } };
    });

  return {
    init: (params) => ({ m: zeros(params), v: zeros(params) }),
    apply,
    update: (grads, state, params, step) =>
      tidyTree(() => {
        const next = apply(grads, state, params, step);
        const updates = mapTree(
          (after: Tensor, _, before: Tensor) => sub(after, before),
          next.params,
          params,
        );
        return { updates, state: next.state };
      }),
  };
}
