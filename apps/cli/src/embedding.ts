import { disposeTree } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import { openImages } from './datasets.ts';
import { encoderFeatures, extractRows, type Rows } from './features.ts';
import { encodeNpy, namesBeside } from './npy.ts';
import { oneColourNote } from './one-colour.ts';
import { openModel } from './open-model.ts';
import { writeOutput } from './outputs.ts';
import { useBackend } from './words.ts';

/** What `twocan embed` was asked. */
export type EmbedRequest = {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly backend: string | undefined;
};

/**
 * Writes the features of a folder's images, in the order of their names.
 *
 * @param request model, folder and file; `.jsonl` for one JSON object a line, else NumPy with the
 *   names in a text file beside it
 */
export async function embedFolder({ model, data, out, backend }: EmbedRequest): Promise<void> {
  await useBackend(backend);
  const { config, params } = await openModel(model);
  const folder = await openImages(data, config.model.encoder);
  try {
    const extract = encoderFeatures(config.model, params);
    const rows = await extractRows(folder, config, extract, (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done}/${folder.length} images`);
    });
    if (process.stderr.isTTY) process.stderr.write('\n');
    const names = namesBeside(out);
    if (names.length === 0) await writeOutput(out, jsonLines(folder, rows));
    else await writeOutput(out, encodeNpy(rows.features, [folder.length, rows.width]));
    for (const path of names) await writeOutput(path, `${namesOf(folder).join('\n')}\n`);
    for (const note of oneColourNote(folder)) console.error(note);
    for (const { name, reason } of folder.broken) console.error(`left out ${name}: ${reason}`);
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

function jsonLines(dataset: Dataset, rows: Rows): string {
  const { features, width } = rows;
  const lines = namesOf(dataset).map((name, i) =>
    JSON.stringify({ name, features: [...features.subarray(i * width, (i + 1) * width)] }),
  );
  return `${lines.join('\n')}\n`;
}
