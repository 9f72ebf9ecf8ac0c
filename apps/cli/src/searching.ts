import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { disposeTree } from '@twocan/core';
import { type Dataset, plainViews } from '@twocan/data';
import { imageFolder, printable } from '@twocan/data/node';
import { reasonOf, usageError } from './failure.ts';
import { encoderFeatures, extractRows, type Rows, type Sizes } from './features.ts';
import { openImages, roomFor } from './layout/open-images.ts';
import { type Machine, startBackend } from './machine.ts';
import { type OpenedModel, openModel } from './open-model.ts';
import { writeOutput } from './outputs.ts';
import { picturesIn, writeSheet } from './picture-files.ts';
import { indexedRows } from './search-index.ts';
import type { SheetRow } from './sheet.ts';
import { nearest, pairsAbove, unitRows } from './similarity.ts';

/** What `twocan search` was asked. */
export type SearchRequest = {
  readonly model: string;
  readonly data: string;
  readonly top: number;
  readonly index: string | undefined;
  readonly out: string | undefined;
  readonly machine: Machine;
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
  await startBackend(request.machine);
  const model = await openModel(request.model);
  try {
    const folder = await openImages(
      request.data,
      roomFor(model.config.model.encoder, request.machine),
    );
    try {
      const rows = await indexedRows(model, folder, request.index);
      const { wanted } = request;
      const found =
        'query' in wanted
          ? await findNearest(model, folder, rows, wanted.query, request.top)
          : await findPairs(model, folder, rows, wanted.least, request.top);
      console.log(found.lines.join('\n'));
      if (request.out !== undefined) await writeFound(request.out, found, model.config);
    } finally {
      await folder.close();
    }
  } finally {
    disposeTree(model.params);
  }
}

async function writeFound(out: string, { json, rows }: Found, sizes: Sizes): Promise<void> {
  if (out.toLowerCase().endsWith('.json')) {
    await writeOutput(out, `${JSON.stringify(json, null, 2)}\n`);
  } else if (rows.length > 0) {
    await writeSheet(out, rows, sizes);
  } else {
    console.error(`${out} is not written: there is no pair to draw`);
  }
}

async function findNearest(
  { config, params }: OpenedModel,
  folder: Dataset,
  rows: Rows,
  query: string,
  top: number,
): Promise<Found> {
  if (!existsSync(query)) throw usageError(`--query ${query} does not exist`);
  const only = [basename(query)];
  const image = await imageFolder(dirname(query), { only, workers: 1 }).catch((error: Error) => {
    throw usageError(`--query: ${reasonOf(error)}`, error);
  });
  try {
    const own = await extractRows(image, config, encoderFeatures(config.model, params));
    const { unit, centre } = unitRows(rows);
    const hits = nearest(unit, unitRows(own, centre).unit, top);
    const results = hits.map(({ row, cosine }) => ({ name: folder.name(row), cosine }));
    return {
      lines: results.map(({ name, cosine }) => `${cosine.toFixed(4)}  ${printable(name)}`),
      json: { query, nearest: results },
      rows: [
        { label: `Query: ${basename(query)}`, pictures: await picturesOf(image, [0], config) },
        {
          label: `Nearest in the folder, best first: cosines ${results[0]?.cosine.toFixed(2)} to ${results.at(-1)?.cosine.toFixed(2)}`,
          pictures: await picturesOf(
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
}

async function findPairs(
  { config }: OpenedModel,
  folder: Dataset,
  rows: Rows,
  least: number,
  top: number,
): Promise<Found> {
  const pairs = pairsAbove(unitRows(rows), least);
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
        pictures: await picturesOf(folder, [first, second], config),
      })),
    ),
  };
}

const picturesOf = async (
  dataset: Dataset,
  indices: readonly number[],
  sizes: Sizes,
): Promise<SheetRow['pictures']> => {
  const size = sizes.model.encoder.image.width;
  return picturesIn(await plainViews(dataset, indices, { size, ...sizes.normalization }), sizes);
};
