import { disposeTree } from '@twocan/core';
import type { Classification } from '@twocan/evaluate';
import { freshParams } from './begin.ts';
import { type Compared, compared, eachOf } from './comparison.ts';
import { openData } from './datasets.ts';
import type { Evaluation, Most } from './evaluation-sets.ts';
import { usageError } from './failure.ts';
import type { Pooling } from './features.ts';
import { countsOf, knnLine, knnOf } from './knn.ts';
import { openModel } from './open-model.ts';
import type { Sides } from './sides.ts';
import { useBackend } from './words.ts';

/** What every judgement of a trained encoder is asked. */
export type Question = {
  readonly model: string;
  readonly data: string;
  /** Which tokens make the features; those of the method unless said. */
  readonly pool?: Pooling;
  readonly backend: string | undefined;
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
 * @param judge what is asked of the features; told which pictures they are of
 * @param most how many pictures of each side
 * @returns the answers
 * @throws Failure (exit code 2) when the folder has no classes
 */
export async function judged<R>(
  question: Question,
  judge: (sides: Sides, evaluation: Evaluation) => Promise<R>,
  most?: Most,
): Promise<Judged<R>> {
  await useBackend(question.backend);
  const { config, params, path, step } = await openModel(question.model);
  const asked = { data: question.data, ...(most === undefined ? {} : { most }) };
  const untrained = freshParams(config);
  try {
    const data = await openData(asked, config.model.encoder.image);
    try {
      const { evaluation } = data;
      if (evaluation === undefined) {
        throw usageError(
          `--data ${question.data} has no classes; give a folder with one folder a class`,
        );
      }
      const answers = await compared(
        config,
        { trained: params, untrained },
        evaluation,
        (sides) => judge(sides, evaluation),
        question.pool,
      );
      return { answers, evaluation, checkpoint: path, step };
    } finally {
      await data.close();
    }
  } finally {
    disposeTree([params, untrained]);
  }
}

/** What `twocan knn` was asked. */
export type KnnRequest = Question & {
  readonly k: number;
  readonly temperature: number;
  readonly json: boolean;
};

/**
 * Prints the k-NN accuracy of a model on a labelled folder, beside raw pixels and its untrained self.
 *
 * @param request model, folder and votes
 */
export async function judgeByKnn(request: KnnRequest): Promise<void> {
  const { k, temperature, json } = request;
  const { answers, evaluation, ...of } = await judged(request, (sides) =>
    knnOf(sides, { k, temperature }),
  );
  const accuracies = eachOf(answers, ({ accuracy }: Classification) => accuracy);
  const result = { ...accuracies, ...countsOf(evaluation, { k }) };
  console.log(json ? JSON.stringify({ ...of, ...result }) : knnLine(result, evaluation.heldOut));
}
