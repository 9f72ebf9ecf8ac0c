import { writeFile } from 'node:fs/promises';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import type { Dataset } from '@twocan/data';
import { openImages } from './datasets.ts';
import { encoderFeatures, extractRows, type Rows } from './features.ts';
import { encodeNpy } from './npy.ts';
import { openModel } from './open-model.ts';
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
    const written = out.endsWith('.jsonl')
      ? await writeJsonLines(out, folder, rows)
      : await writeNumpy(out, folder, rows);
    for (const { name, reason } of folder.broken) console.error(`left out ${name}: ${reason}`);
    console.log(`${folder.length} images, ${rows.width} numbers each: ${written.join(', ')}`);
  } finally {
    disposeTree(params);
    await folder.close();
  }
}

const namesOf = (dataset: Dataset): string[] =>
  Array.from({ length: dataset.length }, (_, i) => dataset.name(i));

async function writeNumpy(out: string, dataset: Dataset, rows: Rows): Promise<string[]> {
  const names = out.replace(/\.npy$/, '.names.txt');
  await writeFileAtomic(out, encodeNpy(rows.features, [dataset.length, rows.width]));
  await writeFile(names, `${namesOf(dataset).join('\n')}\n`);
  return [out, names];
}

async function writeJsonLines(out: string, dataset: Dataset, rows: Rows): Promise<string[]> {
  const { features, width } = rows;
  const lines = namesOf(dataset).map((name, i) =>
    JSON.stringify({ name, features: [...features.subarray(i * width, (i + 1) * width)] }),
  );
  await writeFile(out, `${lines.join('\n')}\n`);
  return [out];
}
