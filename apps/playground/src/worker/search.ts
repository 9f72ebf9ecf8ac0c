import type { CanParams } from '@twocan/can';
import { type Dataset, plainViews } from '@twocan/data';
import { meanRow, nearestRows, similarPairs, unitRows } from '@twocan/evaluate';
import { type PretrainConfig, picturesOf } from '@twocan/pretrain';
import type { FoundPicture, SearchReport, Wanted } from '../messages.ts';
import { featuresOf } from './look.ts';

/** Pictures on a page of the list, neighbours of one, and pairs that are shown. */
const ON_A_PAGE = 60;
const NEAR = 12;
const PAIRS = 12;
/** Features of the same picture differ by less than this share of their length. */
const EQUAL = 1e-5;

/** Looks for something among all images of a run. */
export type Search = (wanted: Wanted) => Promise<SearchReport>;

/**
 * Computes the features of all images of a run. Their common mean is taken off, as `twocan search` does.
 *
 * @param config the run
 * @param params borrowed until this returns
 * @param dataset the images
 * @returns what searches in them
 */
export async function openSearch(
  config: PretrainConfig,
  params: CanParams,
  dataset: Dataset,
): Promise<Search> {
  const rows = dataset.length;
  const features = await featuresOf(config, params, dataset);
  const unit = unitRows(features, { rows, centre: meanRow(features, { rows }), equal: EQUAL });
  const width = unit.length / rows;
  const show = async (images: readonly number[]): Promise<FoundPicture[]> => {
    const size = config.model.encoder.image.width;
    const pixels = await plainViews(dataset, images, { size, ...config.normalization });
    return picturesOf(pixels, config).map((picture, i) => {
      const image = images[i] as number;
      return { image, name: dataset.name(image), picture };
    });
  };
  const find = {
    async page(first: number): Promise<SearchReport> {
      const count = Math.min(ON_A_PAGE, rows - first);
      const images = Array.from({ length: count }, (_, i) => first + i);
      return { kind: 'page', first, total: rows, pictures: await show(images) };
    },
    async near(image: number): Promise<SearchReport> {
      const query = unit.subarray(image * width, (image + 1) * width);
      const found = nearestRows(query, unit, { k: Math.min(NEAR, rows - 1), except: image });
      return {
        kind: 'near',
        pictures: await show([image, ...found.map(({ row }) => row)]),
        cosines: found.map(({ cosine }) => cosine),
      };
    },
    async pairs(least: number): Promise<SearchReport> {
      const found = await similarPairs(unit, { rows, least });
      const shown = found.slice(0, PAIRS);
      const images = shown.flatMap(({ first, second }) => [first, second]);
      return {
        kind: 'pairs',
        least,
        total: found.length,
        pictures: images.length === 0 ? [] : await show(images),
        cosines: shown.map(({ cosine }) => cosine),
      };
    },
  };
  return (wanted) => {
    if (wanted.find === 'page') return find.page(wanted.first);
    return wanted.find === 'near' ? find.near(wanted.image) : find.pairs(wanted.least);
  };
}
