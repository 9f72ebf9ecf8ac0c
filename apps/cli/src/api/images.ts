import type { PictureRow } from '@twocan/pretrain';
import { embedSettings } from '../commands/embed.ts';
import { reconstructSettings } from '../commands/reconstruct.ts';
import { searchSettings } from '../commands/search.ts';
import type { Embedding } from '../search/embedding.ts';
import type { SearchResult } from '../search/searching.ts';
import { call, type OptionsOf } from './call.ts';

/**
 * Computes the features of a folder's images: `twocan embed`.
 *
 * @param options model and folder
 * @returns names, and one row of `width` numbers for each
 * @throws RangeError for a model or folder that cannot be used
 * @example
 * const { names, features, width } = await embed({ model: 'runs/photos', data: 'photos' });
 * const first = features.subarray(0, width); // of names[0]
 */
export function embed(options: OptionsOf<typeof embedSettings>): Promise<Embedding> {
  return call('embed', embedSettings, options, async (values) => {
    const { embedImages } = await import('../search/embedding.ts');
    return embedImages(values);
  });
}

/**
 * Finds images like a given one, or near-duplicates: `twocan search`.
 *
 * @param options model, folder, and one of `query` and `duplicates`
 * @returns names and cosines, the best first
 * @throws RangeError for a model, folder or image that cannot be used
 * @example
 * const found = await search({ model: 'runs/photos', data: 'photos', query: 'cat.jpg' });
 * if ('nearest' in found) console.log(found.nearest[0]?.name);
 */
export function search(options: OptionsOf<typeof searchSettings>): Promise<SearchResult> {
  return call('search', searchSettings, options, async (values) => {
    const { searchFolder } = await import('../search/searching.ts');
    return (await searchFolder(values)).result;
  });
}

/**
 * Draws what a model sees and fills in: `twocan reconstruct`.
 *
 * @param options model, folder, share of hidden patches and seed
 * @returns rows of pictures with their ids, the original first
 * @throws RangeError for a model without a decoder, or a folder that cannot be used
 * @example
 * const rows = await reconstruct({ model: 'runs/photos', data: 'photos' });
 * const filledIn = rows.find(({ id }) => id === 'reconstruction');
 */
export function reconstruct(
  options: OptionsOf<typeof reconstructSettings>,
): Promise<readonly PictureRow[]> {
  return call('reconstruct', reconstructSettings, options, async (values) => {
    const { reconstruct: draw } = await import('../draw/reconstructing.ts');
    return (await draw(values)).rows;
  });
}
