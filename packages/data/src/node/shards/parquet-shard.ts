import { statSync } from 'node:fs';
import { openable } from '../file-names.ts';
import { openFiles } from './open-files.ts';
import {
  damageOf,
  hyparquet,
  openParquet,
  type ParquetFile,
  readColumn,
  weightOf,
} from './parquet-file.ts';
import type { ShardImages } from './shard-images.ts';
import { classFolders, labelOfText, numbered, type ShardLabel } from './shard-labels.ts';

/** Columns that hold classes, where the file's metadata names none. */
const LABELS = ['label', 'labels', 'cls', 'class', 'class_name', 'fine_label'];
/** Rows whose labels are read at a time. */
const ROWS = 100_000;
/** Digits of the number of a row in its name; longer numbers are not cut. */
const DIGITS = 6;
/** Bytes of a group of rows that is read whole for each of its images. */
const LARGEST_GROUP = 2 ** 28;

/**
 * Finds the images of a Parquet file as the Hugging Face hub stores them: a column of `bytes` and `path`,
 * and one of classes, whose names are in the file's metadata. An image's name is the number of its row.
 *
 * @param path the file
 * @returns rows in place of offsets; what is wrong with the file as left out
 * @throws Error if the package hyparquet is missing, and whatever the file system throws
 */
export async function readParquetShard(path: string): Promise<ShardImages> {
  await hyparquet();
  const { size: bytes, mtimeMs: changed } = statSync(openable(path));
  const none = { bytes, changed, names: [], offsets: [], sizes: [], labels: [] };
  const wrong = (reason: string): ShardImages => ({ ...none, leftOut: [{ name: '', reason }] });
  if (bytes === 0) return wrong('is empty');
  const files = openFiles();
  try {
    const opened = await openParquet(files, { path, bytes, changed });
    if (opened === undefined) return wrong('has no column of images with their bytes');
    const { metadata, image, others } = opened;
    const count = Number(metadata.num_rows);
    if (count > bytes) return wrong(`is damaged: it claims ${count} rows in ${bytes} bytes`);
    const large = metadata.row_groups
      .map((group) => weightOf(group, image))
      .find((group) => !group.indexed && group.bytes > LARGEST_GROUP);
    if (large !== undefined) {
      return wrong(
        `has groups of rows of ${Math.round(large.bytes / 1e6)} MB and no index of their pages: write it with some 100 rows a group`,
      );
    }
    const rows = Array.from({ length: count }, (_, row) => row);
    return {
      ...none,
      names: rows.map((row) => String(row).padStart(DIGITS, '0')),
      offsets: rows,
      // A share of the file: how long an image is stands with the image itself.
      sizes: rows.map(() => Math.ceil(bytes / count)),
      labels: await labelsOf(opened, count),
      leftOut: others.map((other) => ({
        ...{ name: `${other}/`, files: count },
        reason: `a second column of images, beside ${image}`,
      })),
    };
  } catch (error) {
    return wrong(damageOf(error));
  } finally {
    await files.close();
  }
}

async function labelsOf(from: ParquetFile, count: number): Promise<ShardLabel[]> {
  const { label, names } = classesIn(from.metadata);
  if (label === undefined) return Array.from({ length: count }, () => null);
  const folderOf = classFolders(names);
  const labels: ShardLabel[] = [];
  for (let rowStart = 0; rowStart < count; rowStart += ROWS) {
    const range = { rowStart, rowEnd: Math.min(count, rowStart + ROWS) };
    for (const value of await readColumn(from, label, range)) {
      if (typeof value === 'string') labels.push(labelOfText(value));
      else {
        const number = isNumber(value) ? numbered(Number(value)) : null;
        labels.push(number === null || names[number] === undefined ? number : folderOf(number));
      }
    }
  }
  return labels;
}

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

type Features = Readonly<
  Record<string, { readonly _type?: string; readonly names?: readonly string[] }>
>;

/** The column of classes, and their names, which the package `datasets` writes into the metadata. */
function classesIn({ schema, key_value_metadata }: ParquetFile['metadata']): {
  readonly label?: string;
  readonly names: readonly string[];
} {
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    const features: Features = JSON.parse(text ?? '{}').info?.features ?? {};
    for (const [label, { _type, names }] of Object.entries(features)) {
      if (_type === 'ClassLabel') {
        return { label, names: Array.isArray(names) ? names.map(String) : [] };
      }
    }
  } catch {
    // Metadata of another form: the column's name decides.
  }
  const label = LABELS.find((name) => schema.some((own) => own.name === name));
  return label === undefined ? { names: [] } : { label, names: [] };
}
