import { basename } from 'node:path';
import { disposeTree } from '@twocan/core';
import { type Dataset, plainViews } from '@twocan/data';
import { type ImageFolder, printable } from '@twocan/data/node';
import { nearestRows, similarPairs } from '@twocan/evaluate';
import { type FeatureConfig, picturesOf, type Rows } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { writeSheet } from '../draw/picture-files.ts';
import type { SheetRow } from '../draw/sheet.ts';
import { checkOutput, writeOutput } from '../files/outputs.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { openQuery } from '../images/query-image.ts';
import { type OpenedWeights, startWithWeights } from '../run/open-weights.ts';
import { usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { progressOf } from '../terminal/progress.ts';
import { comparableRows } from './comparable-rows.ts';
import { indexedRows, rowsOf } from './search-index.ts';

/** A model, a folder, and what is looked for there. */
export type SearchRequest = Machine & {
  readonly model: string;
  readonly data: string;
  /** Images to find. */
  readonly top: number;
  /** The file that keeps the features of the folder. */
  readonly index?: string;
  /** An image to find the like of. */
  readonly query?: string;
  /** In place of it: the least cosine of pairs. */
  readonly duplicates?: number;
};

/** Images by their names, the best first. */
export type SearchResult =
  | {
      readonly query: string;
      readonly nearest: readonly { readonly name: string; readonly cosine: number }[];
    }
  | {
      readonly least: number;
      readonly pairs: readonly { readonly names: readonly string[]; readonly cosine: number }[];
    };

/** What was found, as text, as data, and as rows of pictures. */
type Found = {
  readonly lines: readonly string[];
  readonly result: SearchResult;
  readonly rows: readonly SheetRow[];
  readonly config: FeatureConfig;
};

/**
 * Finds images like a given one, or near-duplicates, in a folder.
 *
 * @param request model, folder and what is wanted
 * @returns what was found
 * @throws Failure (exit code 2) unless one of `query` and `duplicates` is given, or for a model, folder
 *   or image that cannot be used
 */
export async function searchFolder(request: SearchRequest): Promise<Found> {
  const { query, duplicates, top } = request;
  checkOutput(request, { flag: 'index', endings: ['', '.index', '.safetensors'], kept: true });
  // First the image: the features of a folder may take hours.
  const find =
    query !== undefined && duplicates === undefined
      ? findNearest(query, await openQuery(query), top)
      : findPairs(onlyPairs(request), top);
  const model = await startWithWeights(request);
  try {
    const folder = await openImages(request.data, roomFor(model.config.model.encoder, request));
    try {
      const { data, index: file } = request;
      const rows =
        file === undefined
          ? await rowsOf(model, folder)
          : await indexedRows(model, folder, { data, file });
      return { ...(await find(model, folder, rows)), config: model.config };
    } finally {
      await folder.close();
    }
  } finally {
    disposeTree(model.params);
  }
}

/**
 * The least cosine of the pairs that are looked for.
 *
 * @throws Failure (exit code 2) where an image is given as well, or neither of the two
 */
export function onlyPairs({
  query,
  duplicates,
}: Pick<SearchRequest, 'query' | 'duplicates'>): number {
  if (query === undefined && duplicates !== undefined) return duplicates;
  throw usageError('give one of --query IMAGE and --duplicates COSINE');
}

/**
 * Writes what was found to a file.
 *
 * @param out `.json`, or `.png` for a sheet of pictures
 * @param found of {@link searchFolder}
 */
export async function writeFound(out: string, { result, rows, config }: Found): Promise<void> {
  if (out.toLowerCase().endsWith('.json')) {
    await writeOutput(out, `${JSON.stringify(result, null, 2)}\n`);
  } else if (rows.length > 0) {
    await writeSheet(out, rows, config);
  } else {
    message(`${out} is not written: there is no pair to draw`);
  }
}

type Find = (model: OpenedWeights, folder: Dataset, rows: Rows) => Promise<Omit<Found, 'config'>>;

const findNearest =
  (query: string, image: ImageFolder, top: number): Find =>
  async (model, folder, rows) => {
    const { config } = model;
    try {
      const own = await rowsOf(model, image);
      const { unit, centre } = comparableRows(rows);
      const hits = nearestRows(comparableRows(own, centre).unit, unit, { k: top });
      const results = hits.map(({ row, cosine }) => ({ name: folder.name(row), cosine }));
      return {
        lines: results.map(({ name, cosine }) => `${cosine.toFixed(4)}  ${printable(name)}`),
        result: { query, nearest: results },
        rows: [
          { label: `Query: ${basename(query)}`, pictures: await shownOf(image, [0], config) },
          {
            label: `Nearest in the folder, best first: cosines ${results[0]?.cosine.toFixed(2)} to ${results.at(-1)?.cosine.toFixed(2)}`,
            pictures: await shownOf(
              folder,
              hits.map(({ row }) => row),
              config,
            ),
          },
        ],
      };
    } finally {
      await image.close();
    }
  };

const findPairs =
  (least: number, top: number): Find =>
  async ({ config }, folder, rows) => {
    const progress = progressOf('comparing images').count;
    const { unit } = comparableRows(rows);
    const pairs = await similarPairs(unit, { rows: folder.length, least, progress });
    const results = pairs.map(({ first, second, cosine }) => ({
      names: [folder.name(first), folder.name(second)],
      cosine,
    }));
    const shown = pairs.slice(0, top);
    return {
      lines: [
        `${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'} with a cosine of at least ${least}`,
        ...results.map(
          ({ names, cosine }) => `${cosine.toFixed(4)}  ${names.map(printable).join('  ')}`,
        ),
      ],
      result: { least, pairs: results },
      rows: await Promise.all(
        shown.map(async ({ first, second, cosine }) => ({
          label: `Cosine ${cosine.toFixed(4)}`,
          pictures: await shownOf(folder, [first, second], config),
        })),
      ),
    };
  };

const shownOf = async (
  dataset: Dataset,
  indices: readonly number[],
  config: FeatureConfig,
): Promise<SheetRow['pictures']> => {
  const size = config.model.encoder.image.width;
  return picturesOf(await plainViews(dataset, indices, { size, ...config.normalization }), config);
};
