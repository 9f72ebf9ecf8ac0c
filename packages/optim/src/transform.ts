import { add, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectNumber,
  expectOptions,
  expectParams,
  expectType,
  mapTree,
  type Params,
} from '@twocan/core';
import { expectUpdate } from './check.ts';

/** A number for each step: learning rates, noise limits, decays. */
export type Schedule = (step: number) => number;

/** What else a fused update may do. */
export type ApplyOptions = {
  /**
   * Parameters and state are given away: their memory may hold the result, and they are to be disposed
   * unread. False by default.
   */
  readonly donate?: boolean;
};

/**
 * A pair of pure functions over trees: what optax calls a gradient transformation.
 *
 * The state is a plain tree of tensors, so it goes into checkpoints like parameters do. Everything
 * that depends on time is a function of the step, which the caller counts.
 */
export type Transform<S extends Params = Params> = {
  /** The state before the first step; fresh tensors. */
  init(params: Params): S;
  /**
   * What to add to the parameters, and the next state.
   *
   * Borrows all its trees and returns fresh ones; `step` is 0 at the first call.
   */
  update<P extends Params>(
    grads: P,
    state: S,
    params: P,
    step: number,
  ): { readonly updates: P; readonly state: S };
  /**
   * The next parameters themselves, where computing them at once is cheaper than `update` and
   * {@link applyUpdates}; equal to them up to rounding.
   */
  apply?<P extends Params>(
    grads: P,
    state: S,
    params: P,
    step: number,
    options?: ApplyOptions,
  ): { readonly params: P; readonly state: S };
};

/** The state of a transform that remembers nothing. */
export type Stateless = { readonly [name: string]: never };

/** Which leaves a rule concerns, by path (`encoder/blocks/0/mlp/out/kernel`) and tensor. */
export type LeafRule<R> = (path: string, leaf: Tensor) => R;

/**
 * Adds updates to parameters: p ← p + u.
 *
 * @param params tree of tensors
 * @param updates tree of the same structure
 * @returns fresh tensors in the same tree
 * @throws RangeError naming the path where the trees differ
 * @example
 * const next = applyUpdates(params, updates);
 */
export function applyUpdates<P extends Params>(params: P, updates: P): P {
  expectUpdate('applyUpdates', params, { updates }, 0);
  return tidyTree(() => mapTree((p: Tensor, _, u: Tensor) => add(p, u), params, updates) as P);
}

/**
 * One optimizer step: the fused form where the transform has one, otherwise update and add.
 *
 * @param transform the optimizer
 * @param grads gradients in the tree of the parameters
 * @param state the optimizer's state
 * @param params the parameters
 * @param step how many steps came before
 * @param options `donate: true` if parameters and state are not read again
 * @returns parameters and state, fresh unless donated; the arguments stay to be disposed
 * @example
 * const next = applyTransform(sgd({ learningRate: 0.1 }), grads, state, params, 0);
 */
export function applyTransform<P extends Params, S extends Params>(
  transform: Transform<S>,
  grads: P,
  state: S,
  params: P,
  step: number,
  options: ApplyOptions = {},
): { readonly params: P; readonly state: S } {
  expectTransform('applyTransform', 'transform', transform);
  expectOptions('applyTransform', 'options', options, [], ['donate']);
  const { donate = false } = options;
  expectType('applyTransform', 'donate', donate, 'boolean');
  // The transform checks the trees, or applyUpdates does.
  expectInteger('applyTransform', 'step', step, 0, Number.MAX_SAFE_INTEGER);
  return tidyTree(() => {
    if (transform.apply) return transform.apply(grads, state, params, step, options);
    const next = transform.update(grads, state, params, step);
    return { params: applyUpdates(params, next.updates), state: next.state };
  });
}

/** Checks that an argument has the two functions of a transform. */
export function expectTransform(caller: string, argument: string, transform: unknown): void {
  expectOptions(caller, argument, transform, ['init', 'update']);
  const { init, update, apply } = transform as Transform;
  expectType(caller, `${argument}.init`, init, 'function');
  expectType(caller, `${argument}.update`, update, 'function');
  if (apply !== undefined) expectType(caller, `${argument}.apply`, apply, 'function');
}

/** `tidy` for trees: its own type admits neither readonly nodes nor nested trees. */
export function tidyTree<T extends object>(f: () => T): T {
  return tidy(f as () => never) as T;
}

/** The value of a rate at a step, whether constant or scheduled. */
export function rateAt(caller: string, rate: number | Schedule, step: number): number {
  if (typeof rate === 'number') return rate;
  expectInteger(caller, 'step', step, 0, Number.MAX_SAFE_INTEGER);
  return expectNumber(
    caller,
    `the schedule at step ${step}`,
    rate(step),
    'be finite',
    Number.isFinite,
  );
}

/** A tree of zeros like another, each a tensor of its own. */
export function zeros<P extends Params>(tree: P): P {
  expectParams('init', 'params', tree);
  return tidyTree(() => mapTree((t: Tensor) => zerosLike(t), tree) as P & object);
}
