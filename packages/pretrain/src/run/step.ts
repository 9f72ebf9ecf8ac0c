import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanBatch, type CanParams, canLargeBatch, canLoss, usesContrast } from '@twocan/can';
import type { Batch } from '@twocan/data';
import { makeLargeBatchStep, makeStep, type Step } from '@twocan/trainer';
import type { PretrainConfig } from '../config.ts';
import { optimizerOf } from './state.ts';

/** The parts of one step: one batch, several, or the pieces of one. */
export type StepParts = readonly Batch[];

/**
 * What one step computes, as its config says.
 *
 * @param config the run
 * @returns a step over the parts of {@link partsOf}
 */
export function stepOf(config: PretrainConfig): Step<CanParams, StepParts> {
  const { model, batch, accumulate = 1, microBatch = batch } = config;
  const optimizer = optimizerOf(config);
  const average = config.ema === undefined ? {} : { ema: config.ema };
  const loss = canLoss(model);
  const parts = (accumulate * batch) / microBatch;
  if (parts === 1) {
    return makeStep<CanParams, StepParts>(
      (params, [whole], context) => loss(params, tensorsOf(whole as Batch), context),
      optimizer,
      average,
    );
  }
  if (microBatch === batch || !usesContrast(model)) {
    return makeStep<CanParams, Batch>(
      (params, part, context) => loss(params, tensorsOf(part), context),
      optimizer,
      { ...average, accumulate: parts },
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
    average,
  );
}

/** Batches stay host arrays until a step needs them: its tidy frees the tensors again. */
const tensorsOf = ({ views, shape }: Batch): CanBatch => ({
  views: views.map((view): Tensor4D => tensor4d(view, [...shape])),
});

/**
 * The parts of each step, as a function of the step.
 *
 * @param config the run
 * @param batches its batches
 * @returns `accumulate` batches, or one in pieces of `microBatch` images
 */
export function partsOf(
  { batch, accumulate = 1, microBatch = batch }: PretrainConfig,
  batches: (step: number) => Promise<Batch>,
): (step: number) => Promise<StepParts> {
  return async (step) => {
    const numbers = Array.from({ length: accumulate }, (_, i) => step * accumulate + i);
    const whole = await Promise.all(numbers.map(batches));
    return whole.flatMap((one) => piecesOf(one, microBatch));
  };
}

function piecesOf(batch: Batch, size: number): StepParts {
  const [images, height, width, channels] = batch.shape;
  if (size === images) return [batch];
  const length = height * width * channels;
  return Array.from({ length: images / size }, (_, i) => ({
    ...batch,
    indices: batch.indices.slice(i * size, (i + 1) * size),
    shape: [size, height, width, channels] as const,
    views: batch.views.map((view) => view.slice(i * size * length, (i + 1) * size * length)),
  }));
}
