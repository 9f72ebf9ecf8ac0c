import type { CanParams } from '@twocan/can';
import { effectiveRank } from '@twocan/evaluate';
import type { OpenedData } from '../images/datasets.ts';
import { encoderFeatures, extractRows, type Sizes } from '../images/features.ts';
import { knnOf } from './knn.ts';
import { pixelSides, sidesOf } from './sides.ts';

/** What can be said of an encoder without training anything on top of it. */
export type Judgement = {
  /** Between 1 and the encoder's width. */
  readonly effectiveRank: number;
  /** Top-1 in [0, 1]; absent where classes are not known. */
  readonly knn?: number;
};

/** A judgement, and the features that it was made on: those of the pictures to be judged by. */
export type Judged = { readonly judgement: Judgement; readonly features: Float32Array };

/**
 * Judges an encoder on pictures that stay the same through a run.
 *
 * @param sizes image size and normalisation
 * @param params borrowed
 * @param data labelled pictures if there are any, else some of those it trains on
 * @returns the judgement and the features
 */
export async function judgeEncoder(
  sizes: Sizes,
  params: CanParams,
  { evaluation, pictures }: Pick<OpenedData, 'evaluation' | 'pictures'>,
): Promise<Judged> {
  const extract = encoderFeatures(sizes.model, params);
  const rankOf = (features: Float32Array, rows: number) => effectiveRank(features, { rows });
  if (evaluation === undefined) {
    const { features } = await extractRows(pictures, sizes, extract);
    return { judgement: { effectiveRank: rankOf(features, pictures.length) }, features };
  }
  const sides = await sidesOf(evaluation, sizes, extract);
  const { features, labels } = sides.test;
  const knn = (await knnOf(sides)).accuracy;
  return { judgement: { effectiveRank: rankOf(features, labels.length), knn }, features };
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
  return (await knnOf(await pixelSides(evaluation, sizes))).accuracy;
}
