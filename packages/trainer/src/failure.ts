import type { Params } from '@twocan/core';
import type { TrainState } from './state.ts';

/**
 * The error of a run whose loss, gradient or state stopped being finite numbers.
 *
 * `state` is the last finite state, before the failed step; the code that catches the error owns it. It is
 * absent when it was the state itself that was found to be at fault.
 */
export type NonFiniteError = Error & {
  readonly code: 'NON_FINITE';
  /** How many steps were done. */
  readonly step: number;
  /** Of the failed step; empty when the state was looked at between two steps. */
  readonly metrics: { readonly [name: string]: number };
  /** A tensor of the state with NaN or infinity, such as `params/head/kernel`. */
  readonly leaf?: string;
  readonly state?: TrainState;
};

/**
 * Whether a caught value is the error of a run that lost its finite numbers.
 *
 * @param error anything
 * @returns true for {@link NonFiniteError}
 * @example
 * try { … } catch (error) { if (isNonFinite(error)) save(error.state); else throw error; }
 */
export function isNonFinite(error: unknown): error is NonFiniteError {
  return error instanceof Error && 'code' in error && error.code === 'NON_FINITE';
}

/** What `fit` knows when numbers stop being finite. */
type Found = {
  readonly step: number;
  readonly metrics?: { readonly [name: string]: number };
  readonly learningRate: number | undefined;
  readonly leaf?: string | undefined;
  readonly state?: TrainState<Params>;
};

/** Builds the error; the message names what is at fault and what to change. */
export function nonFinite({
  step,
  metrics = {},
  learningRate,
  leaf,
  state,
}: Found): NonFiniteError {
  const wrong = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value));
  const got = [
    ...wrong.map(([name, value]) => `${name} ${value}`),
    ...(leaf === undefined ? [] : [`${leaf} with NaN or infinity`]),
  ];
  const error = new Error(
    `fit: ${leaf === undefined ? 'metrics' : 'the state'} must stay finite, got ${got.join(', ')} at step ${step}; ${advice(step, learningRate, leaf)}`,
  );
  return Object.assign(error, {
    code: 'NON_FINITE' as const,
    step,
    metrics,
    ...(leaf !== undefined && { leaf }),
    ...(state !== undefined && { state }),
  });
}

function advice(step: number, learningRate: number | undefined, leaf: string | undefined): string {
  if (step === 0) {
    return `nothing was updated yet, so look at the ${leaf === undefined ? 'loss and the batch' : 'parameters that the run began with'}`;
  }
  const rate = learningRate === undefined ? '' : ` (it is ${learningRate})`;
  return (
    `lower the learning rate${rate}, warm up longer or add clipByGlobalNorm, ` +
    'and go on from the last checkpoint'
  );
}
