import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup, SchemaTree } from 'hyparquet';
import { isOfDecoder } from '../plain-reason.ts';
import type { KnownFile, OpenFiles } from './open-files.ts';

/** Whether a shard is a Parquet file, by its name. */
export const isParquet = (path: string): boolean => /\.parquet$/i.test(path);

/** A Parquet file that holds images. */
export type ParquetFile = {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  /** The column of images, and others of that kind. */
  readonly image: string;
  readonly others: readonly string[];
};

/** Bytes of a file with marks at both ends and the length of its metadata. */
const SMALLEST = 12;
/** What a column of images is often called. */
const IMAGE = /^(image|img|picture|photo|jpe?g|png|webp)$/i;

/**
 * The package that reads Parquet: an optional one.
 *
 * @throws Error that names it where it is missing
 */
export async function hyparquet(): Promise<typeof import('hyparquet')> {
  try {
    createRequire(import.meta.url).resolve('hyparquet');
  } catch (error) {
    const missing =
      'imageShards: needs the package hyparquet to read Parquet; npm install hyparquet';
    throw new Error(missing, { cause: error });
  }
  return import('hyparquet');
}

/**
 * Reads what a Parquet file holds, from its end.
 *
 * @param files reads pieces of it
 * @param known the file
 * @returns the file; undefined where no column holds images with their bytes
 * @throws Error where it is no whole Parquet file, or what the file system throws
 */
export async function openParquet(
  files: OpenFiles,
  known: KnownFile,
): Promise<ParquetFile | undefined> {
  const { parquetMetadataAsync, parquetSchema } = await hyparquet();
  if (known.bytes < SMALLEST) throw new Error('too short for a footer');
  const file = bufferOver(files, known);
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata).children.filter(holdsBytes);
  const names = columns.map(({ element }) => element.name);
  const image = names.find((name) => IMAGE.test(name)) ?? names[0];
  if (image === undefined) return undefined;
  return { file, metadata, image, others: names.filter((name) => name !== image) };
}

/**
 * Reads one column of some rows.
 *
 * @param from the file
 * @param column its name
 * @param range the first row, and the one after the last
 * @returns its values by row; of a column of bytes, the bytes
 * @throws Error where the file is damaged, or what the file system throws
 */
export async function readColumn(
  { file, metadata }: Pick<ParquetFile, 'file' | 'metadata'>,
  column: string,
  range: { readonly rowStart: number; readonly rowEnd: number },
): Promise<readonly unknown[]> {
  const { parquetReadObjects } = await hyparquet();
  // With an index of pages, of those rows alone.
  const how = { utf8: false, useOffsetIndex: true, compressors };
  const rows: readonly Readonly<Record<string, unknown>>[] = await parquetReadObjects({
    ...{ file, metadata, columns: [column] },
    ...{ ...range, ...how },
  });
  return rows.map((row) => row[column]);
}

/** A group with a column `bytes`, or a plain column of bytes that is called an image. */
function holdsBytes({ element, children }: SchemaTree): boolean {
  if (children.length > 0) {
    return children.some((child) => child.element.name === 'bytes' && isBytes(child));
  }
  return IMAGE.test(element.name) && isBytes({ element });
}

const isBytes = ({ element }: Pick<SchemaTree, 'element'>): boolean =>
  element.type === 'BYTE_ARRAY' && element.converted_type !== 'UTF8';

/**
 * Bytes that the columns of some name take in a group of rows, and whether a row of it is found without
 * the others.
 */
export function weightOf(
  { columns }: RowGroup,
  name: string,
): { readonly bytes: number; readonly indexed: boolean } {
  const own = columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === name);
  const sizes = own.map(({ meta_data }) => Number(meta_data?.total_uncompressed_size ?? 0));
  return {
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    indexed: own.every(({ offset_index_length }) => offset_index_length),
  };
}

/** What is wrong with a file, after what it is called; throws again what is no matter of its contents. */
export function damageOf(error: unknown): string {
  if (!isOfDecoder(error)) throw error;
  const message = error instanceof Error ? error.message : `${error}`;
  if (/footer|too short|metadata length/i.test(message)) return 'is cut off, or is no Parquet file';
  return `is damaged, or of a kind that cannot be read: ${message}`;
}

function bufferOver(files: OpenFiles, known: KnownFile): AsyncBuffer {
  return {
    byteLength: known.bytes,
    slice: async (from, to = known.bytes) => {
      if (!(from >= 0 && from <= to && to <= known.bytes)) {
        throw new RangeError(`a part that lies outside of its ${known.bytes} bytes`);
      }
      // Of its own memory: small buffers of Node share one.
      return new Uint8Array(await files.read(known, from, to - from)).buffer;
    },
  };
}

type Decompress = (bytes: Uint8Array) => Uint8Array;
/** Newer versions of Node have it. */
const { zstdDecompressSync: zstd } = zlib as { readonly zstdDecompressSync?: Decompress };

/** What the package has not itself. */
const compressors: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ...(zstd && { ZSTD: zstd }),
};
