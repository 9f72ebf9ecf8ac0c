import { disposeTree } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import { encoderFeatures, extractRows, type Rows } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { encodeNpy, namesBeside } from '../files/npy.ts';
import { writeOutput } from '../files/outputs.ts';
import { openImages, roomFor } from '../images/layout/open-images.ts';
import { oneColourNote } from '../images/one-colour.ts';
import { openModel } from '../run/open-model.ts';
import { startBackend } from '../run/start-backend.ts';
import { showWork } from '../terminal/work.ts';

/** What `twocan embed` was asked. */
export type EmbedRequest = Machine & {
  readonly model: string;
  readonly data: string;
  readonly out: string;
};

/**
 * Writes the features of a folder's images, in the order of their names.
 *
 * @param request model, folder and file; `.jsonl` for one JSON object a line, else NumPy with the
 *   names in a text file next to it
 */
export async function embedFolder(request: EmbedRequest): Promise<void> {
  const { model, data, out } = request;
  await startBackend(request);
  const { config, params } = await openModel(model);
  const folder = await openImages(data, roomFor(config.model.encoder, request));
  try {
    const extract = encoderFeatures(config.model, params);
    const rows = await extractRows(folder, config, extract, showWork);
    const names = namesBeside(out);
    if (names.length === 0) await writeOutput(out, jsonLines(folder, rows));
    else await writeOutput(out, encodeNpy(rows.features, [folder.length, rows.width]));
    for (const path of names)
      await writeOutput(path, `${namesOf(folder).map(lineOfName).join('\n')}\n`);
    for (const note of oneColourNote(folder)) console.error(note);
    console.log(
      `${folder.length} images, ${rows.width} numbers each: ${[out, ...names].join(', ')}`,
    );
  } finally {
    disposeTree(params);
    await folder.close();
  }
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

function jsonLines(dataset: Dataset, rows: Rows): string {
  const { features, width } = rows;
  const lines = namesOf(dataset).map((name, i) =>
    JSON.stringify({ name, features: [...features.subarray(i * width, (i + 1) * width)] }),
  );
  return `${lines.join('\n')}\n`;
}
