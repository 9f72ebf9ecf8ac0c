import type { CanParams } from '@twocan/can';
import type { Dataset } from '@twocan/data';
import { type Point, type PretrainConfig, pixelRows } from '@twocan/pretrain';
import type { Beside, FeaturesLook, Neighbours } from '../messages.ts';
import { describeFeatures, featuresOf, umapOf } from './look.ts';
import { type NearestOfAll, nearestOfAll, purityOf } from './neighbours.ts';

/** Features of the images that are followed: of now, of before the training, and the pixels themselves. */
export type Followed = {
  readonly look: (params: CanParams, step: number) => Promise<FeaturesLook>;
  readonly near: (image: number) => Neighbours;
  readonly umap: () => readonly Point[];
};

/**
 * Begins to follow some images.
 *
 * @param config the run
 * @param gallery the images
 * @param untrained what the run starts from; borrowed until this returns
 * @returns functions that look
 */
export async function follow(
  config: PretrainConfig,
  gallery: Dataset,
  untrained: CanParams,
): Promise<Followed> {
  const rows = gallery.length;
  const before = await featuresOf(config, untrained, gallery);
  let now = before;
  const untrainedNear = await nearestOfAll(before, rows);
  const sides: { -readonly [K in keyof Beside<NearestOfAll>]: NearestOfAll } = {
    untrained: untrainedNear,
    trained: untrainedNear,
    pixels: await nearestOfAll((await pixelRows(gallery, config)).features, rows),
  };
  const { labels } = gallery;
  const fixed = labels && {
    untrained: purityOf(sides.untrained, labels),
    pixels: purityOf(sides.pixels, labels),
  };
  return {
    async look(params, step) {
      now = step === 0 ? before : await featuresOf(config, params, gallery);
      if (step > 0) sides.trained = await nearestOfAll(now, rows);
      const look = describeFeatures(now, gallery, step);
      if (labels === undefined || fixed === undefined) return look;
      return { ...look, purity: { ...fixed, trained: purityOf(sides.trained, labels) } };
    },
    near: (image) => ({
      image,
      near: {
        trained: sides.trained[image] ?? [],
        untrained: sides.untrained[image] ?? [],
        pixels: sides.pixels[image] ?? [],
      },
    }),
    umap: () => umapOf(now, gallery, config),
  };
}
