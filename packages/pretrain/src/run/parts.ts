import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import type { CanBatch } from '@twocan/can';
import { type Communicator, fold, key } from '@twocan/core';
import { type Batch, type BatchRows, type Dataset, makeBatches } from '@twocan/data';
import type { PretrainConfig } from '../config.ts';

/** The parts of one step: one batch, several, or the pieces of one. */
export type StepParts = readonly Batch[];

/** Batches stay host arrays until a step needs them: its tidy frees the tensors again. */
export const tensorsOf = ({ views, shape }: Batch): CanBatch => ({
  views: views.map((view): Tensor4D => tensor4d(view, [...shape])),
});

/**
 * The batches of a run, as functions of their number.
 *
 * @param config the run
 * @param dataset its images
 * @returns views, normalised, of some rows of each batch
 */
export const batchesOf =
  (config: PretrainConfig, dataset: Dataset) =>
  (rows: BatchRows): ((batch: number) => Promise<Batch>) =>
    makeBatches(dataset, {
      key: fold(key(config.seed), 'data'),
      batch: config.batch,
      rows,
      size: config.model.encoder.image.width,
      views: config.model.views,
      augmentation: config.augmentation,
      ...config.normalization,
    });

/**
 * This rank's parts of each step, as a function of the step.
 *
 * @param config the run; its sizes are those of all ranks together
 * @param batchesOf its batches, of which only some rows are read
 * @param communicator the ranks, which divide each part evenly
 * @returns its rows of `accumulate` batches, or of pieces of `microBatch` images
 */
export function partsOf(
  { batch, accumulate = 1, microBatch = batch }: PretrainConfig,
  batchesOf: (rows: BatchRows) => (step: number) => Promise<Batch>,
  { rank, size }: Communicator,
): (step: number) => Promise<StepParts> {
  const count = microBatch / size;
  const pieces = Array.from({ length: batch / microBatch }, (_, piece) =>
    batchesOf({ first: piece * microBatch + rank * count, count }),
  );
  return (step) => {
    const numbers = Array.from({ length: accumulate }, (_, i) => step * accumulate + i);
    return Promise.all(numbers.flatMap((number) => pieces.map((piece) => piece(number))));
  };
}
