import { type CanParams, canLargeBatch, canLoss, usesContrast } from '@twocan/can';
import type { Communicator } from '@twocan/core';
import type { Batch } from '@twocan/data';
import type { Transform } from '@twocan/optim';
import {
  type LossTerm,
  makeBalancedStep,
  makeLargeBatchStep,
  makeStep,
  type Step,
} from '@twocan/trainer';
import type { PretrainConfig } from '../config.ts';
import { type StepParts, tensorsOf } from './parts.ts';
import { lossTermsOf, SHARED, withShares } from './shares.ts';
import { optimizerOf } from './state.ts';

/**
 * What one step computes, as its config says.
 *
 * @param config the run
 * @param communicator the ranks that take it together
 * @param optimizer what updates the weights
 * @returns a step over the parts of {@link partsOf}
 */
export function stepOf(
  config: PretrainConfig,
  communicator: Communicator,
  optimizer = optimizerOf(config),
): Step<CanParams, StepParts> {
  return withShares(plainStepOf(config, communicator, optimizer), config, communicator);
}

function plainStepOf(
  config: PretrainConfig,
  communicator: Communicator,
  optimizer: Transform,
): Step<CanParams, StepParts> {
  const { model, batch, accumulate = 1, microBatch = batch } = config;
  const options = { communicator, ...(config.ema !== undefined && { ema: config.ema }) };
  const loss = canLoss(model);
  const parts = (accumulate * batch) / microBatch;
  if (config.balance !== undefined) {
    const terms = lossTermsOf(model);
    if (parts > 1) {
      const several = { ...options, accumulate: parts };
      return makeBalancedStep<CanParams, Batch>(terms, SHARED, optimizer, several);
    }
    const whole = terms.map(
      ({ loss, ...term }): LossTerm<CanParams, StepParts> => ({
        ...term,
        loss: (params, [only], context) => loss(params, only as Batch, context),
      }),
    );
    return makeBalancedStep<CanParams, StepParts>(whole, SHARED, optimizer, options);
  }
  if (parts === 1) {
    return makeStep<CanParams, StepParts>(
      (params, [whole], context) => loss(params, tensorsOf(whole as Batch), context),
      optimizer,
      options,
    );
  }
  if (microBatch === batch || !usesContrast(model)) {
    return makeStep<CanParams, Batch>(
      (params, part, context) => loss(params, tensorsOf(part), context),
      optimizer,
      { ...options, accumulate: parts },
    );
  }
  const { embed, part, joint } = canLargeBatch(model);
  return makeLargeBatchStep<CanParams, Batch>(
    {
      embed: (params, piece, context) => embed(params, tensorsOf(piece), context),
      part: (params, piece, context) => part(params, tensorsOf(piece), context),
      joint,
    },
    optimizer,
    options,
  );
}
