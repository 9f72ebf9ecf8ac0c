import { weightLimit } from '../../weight-limit.ts';
import { pictureError } from '../plain-reason.ts';
import type { KnownFile, OpenFiles } from './open-files.ts';
import { damageOf, openParquet, type ParquetFile, readColumn, weightOf } from './parquet-file.ts';

/** Bytes of groups of rows that are being read, and of those that are kept for the next images. */
const [IN_FLIGHT, KEPT] = [2 ** 27, 2 ** 26];

type Group = { readonly images: Promise<readonly unknown[]>; readonly bytes: number };

/**
 * Reads images of Parquet files by their row. Where a file has an index of its pages, only the pages of the
 * row are read; else the group of rows, of which those that were read last are kept.
 *
 * @param files reads pieces of files
 * @returns reads the bytes of one row
 */
export function parquetRows(
  files: OpenFiles,
): (known: KnownFile, row: number) => Promise<Uint8Array> {
  const limit = weightLimit(IN_FLIGHT);
  const opened = new Map<string, Promise<ParquetFile>>();
  // In the order of their last use.
  const groups = new Map<string, Group>();
  const open = (known: KnownFile): Promise<ParquetFile> => {
    const before = opened.get(known.path);
    if (before !== undefined) return before;
    const now = openForRows(files, known);
    opened.set(known.path, now);
    now.catch(() => opened.delete(known.path));
    return now;
  };
  const read = (from: ParquetFile, rowStart: number, rowEnd: number): Group['images'] =>
    readColumn(from, from.image, { rowStart, rowEnd });
  const readGroup = (known: KnownFile, from: ParquetFile, group: Place): Group['images'] => {
    const key = `${known.path} ${group.start}`;
    const images =
      groups.get(key)?.images ?? limit(group.bytes, () => read(from, group.start, group.end));
    groups.delete(key);
    groups.set(key, { images, bytes: group.bytes });
    images.catch(() => groups.delete(key));
    let held = [...groups.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [name, { bytes }] of groups) {
      if (held <= KEPT) break;
      groups.delete(name);
      held -= bytes;
    }
    return images;
  };
  return async (known, row) => {
    try {
      const from = await open(known);
      const group = placeOf(from, row);
      const images = group.indexed
        ? await read(from, row, row + 1)
        : await readGroup(known, from, group);
      return bytesOf(images[group.indexed ? 0 : row - group.start]);
    } catch (error) {
      throw pictureError(`its shard ${damageOf(error)}`);
    }
  };
}

type Place = ReturnType<typeof weightOf> & { readonly start: number; readonly end: number };

/** The group of a row. */
function placeOf({ metadata, image }: ParquetFile, row: number): Place {
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    if (row < end) return { start, end, ...weightOf(group, image) };
    start = end;
  }
  throw new RangeError(`it has ${start} rows`);
}

/** Without what is not needed for its images: thousands of files may be open. */
async function openForRows(files: OpenFiles, known: KnownFile): Promise<ParquetFile> {
  const found = await openParquet(files, known);
  if (found === undefined) throw pictureError('its shard was changed since it was opened');
  const { key_value_metadata: _, ...metadata } = found.metadata;
  const row_groups = metadata.row_groups.map((group) => ({
    ...group,
    columns: group.columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === found.image),
  }));
  return { ...found, metadata: { ...metadata, row_groups } };
}

function bytesOf(value: unknown): Uint8Array {
  const bytes =
    typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : value;
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  throw pictureError('has no bytes in its row');
}
