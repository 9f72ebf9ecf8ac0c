import { tidy } from '@tensorflow/tfjs-core';
import { type CanParams, canLoss, canTerms } from '@twocan/can';
import { type Communicator, fold } from '@twocan/core';
import { gradientShares, type LossTerm, type Step } from '@twocan/trainer';
import type { PretrainConfig } from '../config.ts';
import { type StepParts, tensorsOf } from './parts.ts';

/** The part of the parameters that all terms train, and on which their shares are measured. */
export const SHARED = 'encoder';

/**
 * The terms of a run's loss, each alone. All of them draw the same masks and noise from the key of a step.
 *
 * @param model the method
 * @returns the terms, with their weights beside them
 */
export const lossTermsOf = (model: PretrainConfig['model']): LossTerm<CanParams, StepParts[0]>[] =>
  canTerms(model).map((term) => {
    const loss = canLoss(model, { terms: [{ ...term, weight: 1 }] });
    return {
      name: term.name,
      weight: term.weight,
      loss: (params, part, context) => loss(params, tensorsOf(part), context),
    };
  });

/**
 * A step that, from time to time, also measures how large a part of the encoder's gradient each term is.
 *
 * They are those of the parameters before the step, on its first part, and cost a pass for each term. A run of one term
 * has none, nor one whose terms are balanced: its shares are those that are wanted.
 *
 * @param step the step
 * @param config the run
 * @param communicator the ranks that take it together
 * @returns the step, with metrics `share/NAME` where they are due
 */
export function withShares(
  step: Step<CanParams, StepParts>,
  config: PretrainConfig,
  communicator: Communicator,
): Step<CanParams, StepParts> {
  const { model, steps, balance, shareEvery = config.checkpointEvery } = config;
  const terms = lossTermsOf(model);
  if (terms.length < 2 || balance !== undefined || config.shareEvery === 0) return step;
  const sharesOf = gradientShares(terms, SHARED);
  const ranks = communicator.size > 1 ? { communicator } : {};
  const isDue = (done: number): boolean =>
    done === steps || (shareEvery > 0 && done % shareEvery === 0);
  return (state, parts, root, options) => {
    const [first] = parts;
    if (first === undefined || !isDue(state.step + 1)) return step(state, parts, root, options);
    const own = fold(root, state.step);
    const key = parts.length === 1 ? own : fold(own, 0);
    // Before the step, which may write into the parameters.
    const shares = tidy(() => sharesOf(state.params, first, { key, ...ranks }));
    const result = step(state, parts, root, options);
    return { ...result, metrics: { ...result.metrics, ...shares } };
  };
}
