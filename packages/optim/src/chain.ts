import { expectOptions, type Params } from '@twocan/core';
import { expectUpdate } from './check.ts';
import { expectTransform, type Stateless, type Transform, tidyTree } from './transform.ts';

/**
 * Transforms in a row: the updates of one are the gradients of the next.
 *
 * @param transforms at least one, the first sees the gradients
 * @returns one transform; its state is the list of theirs
 * @throws RangeError without transforms, or if a state of another length is given
 * @example
 * const optimizer = chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-3 }));
 */
export function chain(...transforms: readonly Transform[]): Transform<readonly Params[]> {
  const last = transforms.at(-1);
  if (last === undefined) throw new RangeError('chain: needs at least one transform, got none');
  transforms.forEach((transform, i) => {
    expectTransform('chain', `transforms[${i}]`, transform);
  });
  const statesOf = (state: readonly Params[]): readonly Params[] => {
    if (Array.isArray(state) && state.length === transforms.length) return state;
    throw new RangeError(
      `chain: state must have ${transforms.length} parts, got ${state?.length}; init it with this chain`,
    );
  };
  type Apply = NonNullable<Transform['apply']>;
  const through = <P extends Params>(
    part: readonly Transform[],
    grads: P,
    states: readonly Params[],
    params: P,
    step: number,
  ): { updates: P; state: readonly Params[] } => {
    let updates = grads;
    const state = part.map((transform, i) => {
      const next = transform.update(updates, states[i] as Params, params, step);
      updates = next.updates;
      return next.state;
    });
    return { updates, state };
  };
  const apply = last.apply;
  return {
    init: (params) => transforms.map((transform) => transform.init(params)),
    update: (grads, state, params, step) =>
      tidyTree(() => through(transforms, grads, statesOf(state), params, step)),
    ...(apply && {
      apply: ((grads, state, params, step, options) =>
        tidyTree(() => {
          const states = statesOf(state as readonly Params[]);
          const before = through(transforms.slice(0, -1), grads, states, params, step);
          const own = states.at(-1) as Params;
          const next = apply(before.updates, own, params, step, options);
          return { params: next.params, state: [...before.state, next.state] };
        })) satisfies Apply,
    }),
  } as Transform<readonly Params[]>;
}

/**
 * A chain in which at most one transform has a state, which is then the state of the whole.
 *
 * So an optimizer that is a chain keeps its state under the names that checkpoints have.
 *
 * @param caller the optimizer's name, for errors
 * @param before transforms without a state
 * @param core the one whose state is kept
 * @param after transforms without a state
 */
export function around<S extends Params>(
  caller: string,
  before: readonly Transform<Stateless>[],
  core: Transform<S>,
  after: readonly Transform<Stateless>[],
): Transform<S> {
  const whole = chain(...before, core, ...after);
  const none = (part: readonly unknown[]): Params[] => part.map(() => ({}));
  return {
    init: core.init,
    update: (grads, state, params, step) =>
      tidyTree(() => {
        expectOptions(caller, 'state', state, []);
        const kept = Object.entries(state).map(([name, tree]) => [`state/${name}`, tree]);
        expectUpdate(caller, params, { grads, ...Object.fromEntries(kept) }, step);
        const states = [...none(before), state, ...none(after)];
        const next = whole.update(grads, states, params, step);
        return { updates: next.updates, state: next.state[before.length] as S };
      }),
  };
}
