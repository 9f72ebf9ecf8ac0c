import { disposeTree } from '@twocan/core';
import { freshParams } from './begin.ts';
import { openData } from './datasets.ts';
import { usageError } from './failure.ts';
import { compareByKnn, knnLine } from './knn.ts';
import { openModel } from './open-model.ts';
import { useBackend } from './words.ts';

/** What `twocan knn` was asked. */
export type KnnRequest = {
  readonly model: string;
  readonly data: string;
  readonly k: number;
  readonly temperature: number;
  readonly json: boolean;
  readonly backend: string | undefined;
};

/**
 * Prints the k-NN accuracy of a model on a labelled folder, beside raw pixels and its untrained self.
 *
 * @param request model, folder and votes
 * @throws Failure (exit code 2) when the folder has no classes
 */
export async function judgeByKnn(request: KnnRequest): Promise<void> {
  await useBackend(request.backend);
  const { config, params, path, step } = await openModel(request.model);
  const data = await openData({ data: request.data }, config.model.encoder.image);
  const untrained = freshParams(config);
  try {
    const { evaluation } = data;
    if (evaluation === undefined) {
      throw usageError(
        `--data ${request.data} has no classes; give a folder with one folder a class`,
      );
    }
    const { k, temperature } = request;
    const encoders = { trained: params, untrained };
    const result = await compareByKnn(config, encoders, evaluation, { k, temperature });
    if (request.json) console.log(JSON.stringify({ checkpoint: path, step, ...result }));
    else console.log(knnLine(result, evaluation.heldOut));
  } finally {
    disposeTree([params, untrained]);
    await data.close();
  }
}
