import type { LabelledFeatures } from '@twocan/evaluate';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { type Extract, extractRows, rawPixels, type Sizes } from '../images/features.ts';

/** Features of labelled pictures: to learn from, and to be judged on. */
export type Sides = {
  readonly train: LabelledFeatures;
  readonly test: LabelledFeatures;
  readonly classes: number;
};

/** The largest pictures whose pixels are compared: at 224 those of thousands fill the memory. */
const MOST_PIXELS = 32;

/**
 * Features of both sides.
 *
 * @param evaluation labelled pictures
 * @param sizes image size and normalisation
 * @param extract what turns pixels into rows
 * @returns rows with their labels
 */
export async function sidesOf(
  { train, test, classes }: Evaluation,
  sizes: Sizes,
  extract: Extract,
): Promise<Sides> {
  const side = async (dataset: typeof train): Promise<LabelledFeatures> => ({
    features: (await extractRows(dataset, sizes, extract)).features,
    labels: dataset.labels ?? new Int32Array(dataset.length),
  });
  return { train: await side(train), test: await side(test), classes };
}

/**
 * The pixels themselves of both sides, of pictures of at most 32 x 32: the baseline of every judgement.
 *
 * @param evaluation labelled pictures
 * @param sizes image size and normalisation
 * @returns rows with their labels
 */
export function pixelSides(
  evaluation: Evaluation,
  { model, normalization }: Sizes,
): Promise<Sides> {
  const { height, width } = model.encoder.image;
  const image = { height: Math.min(MOST_PIXELS, height), width: Math.min(MOST_PIXELS, width) };
  const small = { ...model, encoder: { ...model.encoder, image } };
  return sidesOf(evaluation, { model: small, normalization }, rawPixels);
}
