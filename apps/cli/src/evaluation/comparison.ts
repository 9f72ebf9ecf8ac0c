import type { CanParams } from '@twocan/can';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { encoderFeatures, type Pooling, type Sizes } from '../images/features.ts';
import { pixelSides, type Sides, sidesOf } from './sides.ts';

/** One judgement of three kinds of features, on the same pictures. */
export type Compared<R> = {
  readonly trained: R;
  readonly rawPixels: R;
  /** Of the encoder with the weights that the run started from. */
  readonly untrained: R;
};

/** Parameters before and after training; borrowed. */
export type Encoders = { readonly trained: CanParams; readonly untrained: CanParams };

/**
 * Judges trained features, raw pixels and the features of the encoder that the run started from.
 *
 * @param sizes image size and normalisation
 * @param encoders the trained and the untrained parameters
 * @param evaluation labelled pictures of both sides
 * @param judge what is asked of each
 * @param pool which tokens make the features; those of the method unless said
 * @returns the three answers
 */
export async function compared<R>(
  sizes: Sizes,
  { trained, untrained }: Encoders,
  evaluation: Evaluation,
  judge: (sides: Sides) => Promise<R>,
  pool?: Pooling,
): Promise<Compared<R>> {
  const ofEncoder = async (params: CanParams): Promise<R> =>
    judge(await sidesOf(evaluation, sizes, encoderFeatures(sizes.model, params, pool)));
  return {
    trained: await ofEncoder(trained),
    rawPixels: await judge(await pixelSides(evaluation, sizes)),
    untrained: await ofEncoder(untrained),
  };
}

/**
 * Another form of each of three answers.
 *
 * @param answers the three
 * @param change what is made of each
 * @returns the changed three
 */
export function eachOf<R, S>(answers: Compared<R>, change: (answer: R) => S): Compared<S> {
  const { trained, rawPixels, untrained } = answers;
  return {
    trained: change(trained),
    rawPixels: change(rawPixels),
    untrained: change(untrained),
  };
}
