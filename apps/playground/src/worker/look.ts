import type { CanParams } from '@twocan/can';
import { fold, type Key, key } from '@twocan/core';
import { type Dataset, makeBatches, plainViews } from '@twocan/data';
import { effectiveRank } from '@twocan/evaluate';
import {
  drawViews,
  encoderFeatures,
  extractRows,
  mapFeatures,
  type PictureRow,
  type Point,
  type PretrainConfig,
  picturesOf,
} from '@twocan/pretrain';
import type { FeaturesLook, Gallery } from '../messages.ts';
import { spreadOf } from './spread.ts';

/** Images whose crops are shown. */
const CROPPED = 4;

/** Crops of some images, and what masks and noise are drawn from. */
export type Crops = {
  readonly views: readonly Float32Array[];
  readonly images: number;
  readonly key: Key;
};

/**
 * Cuts the crops that are shown: another `which` takes other images.
 *
 * @returns views as a batch has them
 */
export async function cropsOf(
  config: PretrainConfig,
  dataset: Dataset,
  which: number,
): Promise<Crops> {
  const root = fold(fold(key(config.seed), 'crops'), which);
  const images = Math.min(CROPPED, dataset.length);
  const batches = makeBatches(dataset, {
    key: root,
    batch: images,
    size: config.model.encoder.image.width,
    views: config.model.views,
    augmentation: config.augmentation,
    ...config.normalization,
  });
  return { views: (await batches(0)).views, images, key: fold(root, 'samples') };
}

/**
 * Pictures of crops, cut as the training cuts them: the same crops, masks and noise at every step.
 *
 * @param config the run
 * @param params borrowed
 * @param dataset the images
 * @param which another number shows other images
 * @returns rows of pictures, and how many images they are of
 */
export async function drawCrops(
  config: PretrainConfig,
  params: CanParams,
  dataset: Dataset,
  which: number,
): Promise<{ readonly rows: readonly PictureRow[]; readonly images: number }> {
  const { views, images, key: own } = await cropsOf(config, dataset, which);
  return { rows: await drawViews(config, params, views, own), images };
}

/** The images that are followed, as pictures. */
export async function galleryOf(dataset: Dataset, config: PretrainConfig): Promise<Gallery> {
  const indices = Array.from({ length: dataset.length }, (_, i) => i);
  const size = config.model.encoder.image.width;
  const pixels = await plainViews(dataset, indices, { size, ...config.normalization });
  return {
    pictures: picturesOf(pixels, config),
    names: indices.map(dataset.name),
    classes: dataset.classes ?? [],
    labels: [...(dataset.labels ?? [])],
  };
}

/** The features of the images that are followed. */
export const featuresOf = async (
  config: PretrainConfig,
  params: CanParams,
  gallery: Dataset,
): Promise<Float32Array> =>
  (await extractRows(gallery, config, encoderFeatures(config.model, params))).features;

/** What features are like: where they lie, and how many directions they use. */
export function describeFeatures(
  features: Float32Array,
  gallery: Dataset,
  step: number,
): Omit<FeaturesLook, 'purity'> {
  const { length: rows, labels, classes } = gallery;
  const { points, explained } = mapFeatures(features, { step, rows, labels, classes });
  return {
    step,
    points,
    explained,
    rank: effectiveRank(features, { rows }),
    spread: spreadOf(features, rows),
    width: features.length / rows,
  };
}

/** The same images laid out by their neighbours. */
export function umapOf(
  features: Float32Array,
  gallery: Dataset,
  config: PretrainConfig,
): readonly Point[] {
  const options = { step: 0, rows: gallery.length, key: fold(key(config.seed), 'map') };
  return mapFeatures(features, options).umap ?? [];
}
