import { disposeTree } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import {
  attentionRows,
  type Extract,
  encoderFeatures,
  extractPieces,
  extractRows,
  type Rows,
  tokenRows,
} from '@twocan/pretrain';
import { patchShape } from '@twocan/vit';
import type { Machine } from '../args/machine.ts';
import { writeRows } from '../files/rows/write-rows.ts';
import { type OpenedImages, openImages, roomFor } from '../images/layout/open-images.ts';
import { oneColourNote } from '../images/one-colour.ts';
import { type OpenedWeights, startWithWeights } from '../run/open-weights.ts';
import { message } from '../terminal/messages.ts';
import { showWork } from '../terminal/work.ts';

/** A model and a folder of images. */
export type EmbedRequest = Machine & { readonly model: string; readonly data: string };

/** One row of numbers for each image, in the order of their names. */
export type Embedding = Rows & { readonly names: readonly string[] };

/**
 * Computes the features of a folder's images.
 *
 * @param request model and folder
 * @returns names and rows
 * @throws Failure (exit code 2) for a model or folder that cannot be used
 */
export async function embedImages(request: EmbedRequest): Promise<Embedding> {
  return withImages(request, async (folder, { config, params }) => {
    const rows = await extractRows(folder, config, encoderFeatures(config.model, params), showWork);
    return { names: namesOf(folder), ...rows };
  });
}

/** Which numbers of an image are written: its features, its patch tokens, or its maps of attention. */
export type RowKind = 'features' | 'tokens' | 'attention';

/**
 * Computes numbers of a folder's images and writes them to a file as they come.
 *
 * @param request model and folder
 * @param out the file
 * @param kind which numbers
 * @returns how many images, and what each has
 * @throws Failure (exit code 2) for a model or folder that cannot be used
 */
export async function embedToFile(
  request: EmbedRequest,
  out: string,
  kind: RowKind,
): Promise<{ readonly images: number; readonly shape: readonly number[] }> {
  return withImages(request, async (folder, { config, params }) => {
    const { extract, shape } = ROWS[kind](config.model, params);
    const pieces = extractPieces(folder, config, extract, showWork);
    await writeRows(out, { kind, names: namesOf(folder), shape, pieces });
    return { images: folder.length, shape };
  });
}

type RowsOf = (
  model: OpenedWeights['config']['model'],
  params: OpenedWeights['params'],
) => { readonly extract: Extract; readonly shape: readonly number[] };

const ROWS: Readonly<Record<RowKind, RowsOf>> = {
  features: (model, params) => ({
    extract: encoderFeatures(model, params),
    shape: [model.encoder.width],
  }),
  tokens: (model, params) => ({
    extract: tokenRows(model, params),
    shape: [patchShape(model.encoder).patches, model.encoder.width],
  }),
  attention: (model, params) => ({
    extract: attentionRows(model, params),
    shape: [model.encoder.heads, patchShape(model.encoder).patches],
  }),
};

async function withImages<R>(
  request: EmbedRequest,
  work: (folder: OpenedImages, opened: OpenedWeights) => Promise<R>,
): Promise<R> {
  const opened = await startWithWeights(request);
  const folder = await openImages(request.data, roomFor(opened.config.model.encoder, request));
  try {
    const result = await work(folder, opened);
    for (const note of oneColourNote(folder)) message(note);
    return result;
  } finally {
    disposeTree(opened.params);
    await folder.close();
  }
}

const namesOf = (dataset: Dataset): string[] =>
  Array.from({ length: dataset.length }, (_, i) => dataset.name(i));
