import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { meanRow, unitRows } from '@twocan/evaluate';

/** How many neighbours are shown, and counted. */
const NEAR = 5;

/** The nearest neighbours of each of some images, nearest first: fewer than five of a handful. */
export type NearestOfAll = readonly (readonly number[])[];

/**
 * Finds the nearest neighbours of every image, by the cosine of features less their mean, as k-NN does.
 *
 * @param features `[rows, D]`
 * @param rows how many images
 * @returns the neighbours of each, itself left out
 */
export async function nearestOfAll(features: Float32Array, rows: number): Promise<NearestOfAll> {
  const unit = unitRows(features, { rows, centre: meanRow(features, { rows }) });
  const product = tidy(() => {
    const all = tensor2d(unit, [rows, unit.length / rows]);
    return matMul(all, all, false, true);
  });
  const cosines = await product.data<'float32'>();
  product.dispose();
  return Array.from({ length: rows }, (_, image) => {
    const own = cosines.subarray(image * rows, (image + 1) * rows);
    const others = [...own.keys()].filter((other) => other !== image);
    return others.sort((a, b) => (own[b] as number) - (own[a] as number) || a - b).slice(0, NEAR);
  });
}

/** The share of nearest neighbours that are of the class of their image. */
export function purityOf(nearest: NearestOfAll, labels: Int32Array): number {
  const same = nearest.flatMap((near, image) =>
    near.map((other) => labels[other] === labels[image]),
  );
  return same.filter(Boolean).length / Math.max(1, same.length);
}
