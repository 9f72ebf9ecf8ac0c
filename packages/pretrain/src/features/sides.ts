import { expectOptions } from '@twocan/core';
import { type Dataset, expectDataset } from '@twocan/data';
import {
  type Classification,
  type KnnOptions,
  knnAccuracy,
  type LabelledFeatures,
} from '@twocan/evaluate';
import { type Progress, silent } from '../progress.ts';
import { expectPixelConfig, type FeatureConfig, withSmallImages } from './config.ts';
import { type Extract, extractRows, rawPixels } from './extract.ts';

/** Labelled images: to learn from, and to be named. Both have the classes of `train`. */
export type LabelledSets = { readonly train: Dataset; readonly test: Dataset };

/** Features of labelled images: to learn from, and to be named. */
export type LabelledSides = {
  readonly train: LabelledFeatures;
  readonly test: LabelledFeatures;
  readonly classes: number;
};

/** Checks that an argument is labelled images of two sides. */
export function expectSets(caller: string, sets: LabelledSets): void {
  expectOptions(caller, 'sets', sets, ['train', 'test']);
  for (const name of ['train', 'test'] as const) {
    expectOptions(caller, `sets.${name}`, sets[name], ['labels', 'classes']);
    expectDataset(caller, sets[name]);
  }
}

/**
 * Features of both sides.
 *
 * @param sets labelled images
 * @param config image size and normalisation of the run
 * @param extract what turns pixels into rows
 * @param progress called with the number of images done
 * @returns rows with their labels
 * @throws RangeError for a set without labels or classes
 * @example
 * const sides = await featureSides({ train, test }, config, encoderFeatures(config.model, params));
 */
export async function featureSides(
  sets: LabelledSets,
  config: FeatureConfig,
  extract: Extract,
  progress: Progress = silent,
): Promise<LabelledSides> {
  expectSets('featureSides', sets);
  const side = async (name: 'train' | 'test'): Promise<LabelledFeatures> => {
    const { labels = new Int32Array(0) } = sets[name];
    const { features } = await extractRows(sets[name], config, extract, progress);
    return { features, labels };
  };
  const { classes = [] } = sets.train;
  return { train: await side('train'), test: await side('test'), classes: classes.length };
}

/**
 * The pixels themselves of both sides, of images of at most 32 x 32: the baseline of every evaluation.
 *
 * @param sets labelled images
 * @param config image size and normalisation of the run
 * @param progress called with the number of images done
 * @returns rows with their labels
 * @throws RangeError as {@link featureSides}
 * @example
 * const { accuracy } = await nearestNeighbours(await pixelSides({ train, test }, config));
 */
export function pixelSides(
  sets: LabelledSets,
  config: FeatureConfig,
  progress: Progress = silent,
): Promise<LabelledSides> {
  expectSets('pixelSides', sets);
  expectPixelConfig('pixelSides', config);
  return featureSides(sets, withSmallImages(config), rawPixels, progress);
}

/**
 * Classifies by nearest neighbours the way every evaluation of a run does: features are centred.
 *
 * @param sides features of both sides
 * @param votes how many neighbours vote, and their temperature; 20 and 0.07 by default
 * @param progress called with how much is done
 * @returns accuracy and predictions
 * @throws RangeError as `knnAccuracy`
 * @example
 * const { accuracy } = await nearestNeighbours(sides);
 */
export function nearestNeighbours(
  sides: LabelledSides,
  votes: Pick<KnnOptions, 'k' | 'temperature'> = {},
  progress: Progress = silent,
): Promise<Classification> {
  expectOptions('nearestNeighbours', 'votes', votes, [], ['k', 'temperature']);
  const of = { ...sides, centre: true, ...votes };
  return knnAccuracy({ ...of, progress: progress('neighbours') });
}
