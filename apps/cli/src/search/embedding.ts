import { disposeTree } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import { encoderFeatures, extractRows, type Rows } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { encodeNpy, namesBeside } from '../files/npy.ts';
import { writeOutput } from '../files/outputs.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { oneColourNote } from '../images/one-colour.ts';
import { openWeights } from '../run/open-weights.ts';
import { startBackend } from '../run/start-backend.ts';
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
  await startBackend(request);
  const { config, params } = await openWeights(request.model);
  const folder = await openImages(request.data, roomFor(config.model.encoder, request));
  try {
    const extract = encoderFeatures(config.model, params);
    const rows = await extractRows(folder, config, extract, showWork);
    for (const note of oneColourNote(folder)) message(note);
    return { names: namesOf(folder), ...rows };
  } finally {
    disposeTree(params);
    await folder.close();
  }
}

/**
 * Writes features to a file.
 *
 * @param out `.jsonl` for one JSON object a line, else NumPy with the names in a text file next to it
 * @param embedding names and rows
 */
export async function writeEmbedding(out: string, embedding: Embedding): Promise<void> {
  const { names, features, width } = embedding;
  const beside = namesBeside(out);
  if (beside.length === 0) await writeOutput(out, jsonLines(embedding));
  else await writeOutput(out, encodeNpy(features, [names.length, width]));
  for (const path of beside) await writeOutput(path, `${names.map(lineOfName).join('\n')}\n`);
}

const namesOf = (dataset: Dataset): string[] =>
  Array.from({ length: dataset.length }, (_, i) => dataset.name(i));

/** What a reader of lines, or a terminal, would act on. */
const SPECIAL = /[\p{Cc}\u2028\u2029\uD800-\uDFFF]/u;

/**
 * A name as one line of text: as it is, or as a JSON string where it has a line break, another
 * control character or bytes that are not UTF-8, or begins with a quotation mark.
 */
export function lineOfName(name: string): string {
  if (!SPECIAL.test(name) && !name.startsWith('"')) return name;
  // JSON leaves some line separators as they are.
  return JSON.stringify(name).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function jsonLines({ names, features, width }: Embedding): string {
  const lines = names.map((name, i) =>
    JSON.stringify({ name, features: [...features.subarray(i * width, (i + 1) * width)] }),
  );
  return `${lines.join('\n')}\n`;
}
