import { basename } from 'node:path';
import { disposeTree } from '@twocan/core';
import { type Dataset, plainViews } from '@twocan/data';
import { type ImageFolder, printable } from '@twocan/data/node';
import { nearestRows, similarPairs } from '@twocan/evaluate';
import { type FeatureConfig, picturesOf, type Rows } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { writeSheet } from '../draw/picture-files.ts';
import type { SheetRow } from '../draw/sheet.ts';
import { writeOutput } from '../files/outputs.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { openQuery } from '../images/query-image.ts';
import { type OpenedModel, openModel } from '../run/open-model.ts';
import { startBackend } from '../run/start-backend.ts';
import { progressOf } from '../terminal/progress.ts';
import { comparableRows } from './comparable-rows.ts';
import { indexedRows, rowsOf } from './search-index.ts';

/** What `twocan search` was asked. */
export type SearchRequest = Machine & {
  readonly model: string;
  readonly data: string;
  readonly top: number;
  readonly index?: string;
  readonly out?: string;
  /** One image to find the like of, or the least cosine of pairs. */
  readonly wanted: { readonly query: string } | { readonly least: number };
};

/** What was found: a line of text, an object for JSON, and rows of pictures. */
type Found = { readonly lines: string[]; readonly json: unknown; readonly rows: SheetRow[] };

/**
 * Finds images like a given one, or near-duplicates, in a folder.
 *
 * @param request model, folder and what is wanted
 */
export async function searchFolder(request: SearchRequest): Promise<void> {
  const { wanted, top } = request;
  // First the image: the features of a folder may take hours.
  const find =
    'query' in wanted
      ? findNearest(wanted.query, await openQuery(wanted.query), top)
      : findPairs(wanted.least, top);
  await startBackend(request);
  const model = await openModel(request.model);
  try {
    const folder = await openImages(request.data, roomFor(model.config.model.encoder, request));
    try {
      const { data, index: file } = request;
      const rows =
        file === undefined
          ? await rowsOf(model, folder)
          : await indexedRows(model, folder, { data, file });
      const found = await find(model, folder, rows);
      console.log(found.lines.join('\n'));
      if (request.out !== undefined) await writeFound(request.out, found, model.config);
    } finally {
      await folder.close();
    }
  } finally {
    disposeTree(model.params);
  }
}

async function writeFound(
  out: string,
  { json, rows }: Found,
  config: FeatureConfig,
): Promise<void> {
  if (out.toLowerCase().endsWith('.json')) {
    await writeOutput(out, `${JSON.stringify(json, null, 2)}\n`);
  } else if (rows.length > 0) {
    await writeSheet(out, rows, config);
  } else {
    console.error(`${out} is not written: there is no pair to draw`);
  }
}

type Find = (model: OpenedModel, folder: Dataset, rows: Rows) => Promise<Found>;

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
        json: { query, nearest: results },
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
      json: { least, pairs: results },
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
