import type { Pooling } from '@twocan/can';
import { disposeTree } from '@twocan/core';
import { type Compared, compareFeatures, freshParams, type LabelledSides } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { openLabelled } from '../images/datasets.ts';
import { EVERY, type Evaluation } from '../images/evaluation-sets.ts';
import { isSamePlace } from '../images/layout/same-place.ts';
import { openModel } from '../run/open-model.ts';
import { startBackend } from '../run/start-backend.ts';
import { message } from '../terminal/messages.ts';
import { showWork } from '../terminal/work.ts';

/** What every judgement of a trained encoder is asked. */
export type Question = Machine & {
  readonly model: string;
  readonly data: string;
  /** Which tokens make the features; those of the method unless said. */
  readonly features?: Pooling;
  /** How many pictures of each side at most; all unless said. */
  readonly limit?: number;
};

/** The three answers, and what they are about. */
export type Judged<R> = {
  readonly answers: Compared<R>;
  readonly evaluation: Evaluation;
  readonly checkpoint: string;
  readonly step: number;
};

/**
 * Judges a model on a labelled folder, beside raw pixels and its untrained self.
 *
 * @param question model, folder and tokens
 * @param judge what is asked of the features
 * @returns the answers
 * @throws Failure (exit code 2) when the folder has no classes
 */
export async function judged<R>(
  question: Question,
  judge: (sides: LabelledSides) => Promise<R>,
): Promise<Judged<R>> {
  await startBackend(question);
  const { config, params, path, step } = await openModel(question.model);
  const { limit } = question;
  const most = limit === undefined ? EVERY : { train: limit, test: limit };
  const untrained = freshParams(config);
  try {
    const data = await openLabelled(
      {
        ...question,
        most,
        seen: (source) => isSamePlace(source, config.data),
      },
      config.model.encoder.image,
    );
    for (const note of data.notes()) message(note);
    try {
      const { evaluation } = data;
      const answers = await compareFeatures(
        config,
        { trained: params, untrained },
        evaluation,
        judge,
        { pool: question.features, progress: showWork },
      );
      return { answers, evaluation, checkpoint: path, step };
    } finally {
      await data.close();
    }
  } finally {
    disposeTree([params, untrained]);
  }
}
