import type { CanParams } from '@twocan/can';
import type { Dataset } from '@twocan/data';
import { effectiveRank } from '@twocan/evaluate';
import type { OpenedData } from './datasets.ts';
import { encoderFeatures, extractRows, rawPixels, type Sizes } from './features.ts';
import { accuracyOf } from './knn.ts';

/** What can be said of an encoder without training anything on top of it. */
export type Judgement = {
  /** Between 1 and the encoder's width. */
  readonly effectiveRank: number;
  /** Top-1 in [0, 1]; absent where classes are not known. */
  readonly knn?: number;
};

/**
 * Judges an encoder on pictures that stay the same through a run.
 *
 * @param sizes image size and normalisation
 * @param params borrowed
 * @param data labelled pictures if there are any, else some of those it trains on
 * @returns the judgement
 */
export async function judgeEncoder(
  sizes: Sizes,
  params: CanParams,
  { evaluation, pictures }: Pick<OpenedData, 'evaluation' | 'pictures'>,
): Promise<Judgement> {
  const rows = (dataset: Dataset) =>
    extractRows(dataset, sizes, encoderFeatures(sizes.model, params));
  const test = await rows(pictures);
  const rank = effectiveRank(test.features, { rows: pictures.length });
  if (evaluation === undefined) return { effectiveRank: rank };
  const train = await rows(evaluation.train);
  return { effectiveRank: rank, knn: await accuracyOf(evaluation, { train, test }) };
}

/**
 * The accuracy of the pixels themselves.
 *
 * @param sizes image size and normalisation
 * @param evaluation labelled pictures
 * @returns top-1 in [0, 1]
 */
export async function judgePixels(
  sizes: Sizes,
  evaluation: NonNullable<OpenedData['evaluation']>,
): Promise<number> {
  const train = await extractRows(evaluation.train, sizes, rawPixels);
  const test = await extractRows(evaluation.test, sizes, rawPixels);
  return accuracyOf(evaluation, { train, test });
}
