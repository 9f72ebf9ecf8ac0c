import { extname } from 'node:path';
import { writeOutput } from '../outputs.ts';
import { jsonLinesOf } from './json-lines.ts';
import { npyOf } from './npy.ts';
import { parquetOf } from './parquet.ts';
import type { RowStream } from './rows.ts';
import { safetensorsOf } from './safetensors.ts';

type Format = {
  readonly write: (stream: RowStream) => AsyncIterable<Uint8Array | string>;
  /** Whether the names are in it; else they go into a text file next to it. */
  readonly named: boolean;
};

const FORMATS: Readonly<Record<string, Format>> = {
  '.npy': { write: npyOf, named: false },
  '.jsonl': { write: jsonLinesOf, named: true },
  '.parquet': { write: parquetOf, named: true },
  '.safetensors': { write: safetensorsOf, named: false },
};

/** The endings that say what a file of numbers is. */
export const rowEndings: readonly string[] = Object.keys(FORMATS);

const formatOf = (path: string): Format | undefined => FORMATS[extname(path).toLowerCase()];

/**
 * The file of names that belongs to a file of numbers.
 *
 * @param path the numbers' file
 * @returns `photos.names.txt` for `photos.npy`; nothing for a format that holds the names itself
 */
export function namesBeside(path: string): string[] {
  if (formatOf(path)?.named ?? true) return [];
  return [`${path.slice(0, -extname(path).length)}.names.txt`];
}

/**
 * Writes numbers of many images to a file, as they come.
 *
 * @param out the file; its ending is one of {@link rowEndings}
 * @param stream the numbers
 */
export async function writeRows(out: string, stream: RowStream): Promise<void> {
  const format = formatOf(out);
  if (format === undefined) throw new RangeError(`writeRows: ${out} has an unknown ending`);
  await writeOutput(out, format.write(stream));
  const names = `${stream.names.map(lineOfName).join('\n')}\n`;
  for (const path of namesBeside(out)) await writeOutput(path, names);
}

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
