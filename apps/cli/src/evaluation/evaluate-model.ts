import type { Pooling } from '@twocan/can';
import { disposeTree } from '@twocan/core';
import { type Compared, compareFeatures, freshParams, type LabelledSides } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { openLabelled } from '../images/datasets.ts';
import { EVERY, type Evaluation } from '../images/evaluation-sets.ts';
import { isSamePlace } from '../images/layout/same-place.ts';
import { startWithWeights } from '../run/open-weights.ts';
import { message } from '../terminal/messages.ts';
import { showWork } from '../terminal/work.ts';

/** What to evaluate: a model, on labelled images. */
export type EvaluationRequest = Machine & {
  readonly model: string;
  readonly data: string;
  /** Which tokens make the features; default those of the method. */
  readonly features?: Pooling;
  /** Largest number of pictures of each side; default all. */
  readonly limit?: number;
};

/** Scores of the trained encoder and both baselines, and what they were measured on. */
export type ModelScores<R> = {
  readonly scores: Compared<R>;
  readonly evaluation: Evaluation;
  readonly checkpoint: string;
  readonly step: number;
};

/**
 * Evaluates a model on a labelled folder, with two baselines: raw pixels and the untrained encoder.
 *
 * @param request model, folder and tokens
 * @param measure computes a score of the features
 * @returns the scores
 * @throws Failure (exit code 2) when the folder has no classes
 */
export async function evaluateModel<R>(
  request: EvaluationRequest,
  measure: (sides: LabelledSides) => Promise<R>,
): Promise<ModelScores<R>> {
  const { config, params, path, step } = await startWithWeights(request);
  const { limit } = request;
  const most = limit === undefined ? EVERY : { train: limit, test: limit };
  const untrained = freshParams(config);
  try {
    const data = await openLabelled(
      {
        ...request,
        most,
        seen: (source) => isSamePlace(source, config.data),
      },
      config.model.encoder.image,
    );
    for (const note of data.notes()) message(note);
    try {
      const { evaluation } = data;
      const scores = await compareFeatures(
        config,
        { trained: params, untrained },
        evaluation,
        measure,
        { pool: request.features, progress: showWork },
      );
      return { scores, evaluation, checkpoint: path, step };
    } finally {
      await data.close();
    }
  } finally {
    disposeTree([params, untrained]);
  }
}
