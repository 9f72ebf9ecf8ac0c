import type { Params } from '@twocan/core';
import type { TrainState } from './state.ts';

/**
 * The error of a run whose loss or gradient stopped being a finite number.
 *
 * `state` is the last finite state, before the failed step; whoever catches the error owns it.
 */
export type NonFiniteError = Error & {
  readonly code: 'NON_FINITE';
  readonly step: number;
  readonly metrics: { readonly [name: string]: number };
  readonly state: TrainState;
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

/** Builds the error; the message names the metrics at fault and what to change. */
export function nonFinite<P extends Params>(
  state: TrainState<P>,
  metrics: { readonly [name: string]: number },
  learningRate: number | undefined,
): NonFiniteError {
  const wrong = Object.entries(metrics).filter(([, value]) => !Number.isFinite(value));
  const rate = learningRate === undefined ? '' : ` (it is ${learningRate})`;
  const error = new Error(
    `fit: metrics must stay finite, got ${wrong.map(([n, v]) => `${n} ${v}`).join(', ')} at step ` +
      `${state.step}; lower the learning rate${rate}, warm up longer or add clipByGlobalNorm, ` +
      'and go on from the last checkpoint',
  );
  return Object.assign(error, { code: 'NON_FINITE' as const, step: state.step, metrics, state });
}
