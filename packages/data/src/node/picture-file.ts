import { readFile, stat } from 'node:fs/promises';
import { type FilePlace, isPart } from './file-part.ts';
import { type Header, readHeader } from './picture-header.ts';
import { isPictureError } from './plain-reason.ts';

/** Files up to this many bytes are read whole for their header. */
export const SMALL = 2 ** 20;

/** A file whose header has been read. */
export type PictureFile = {
  readonly header: Header;
  /** How many bytes it has. */
  readonly length: number;
  /** The contents, where they were read for the header. */
  readonly bytes: Uint8Array | undefined;
};

/**
 * Reads the header of a file and no more, where that can be done: a part of another is read whole.
 *
 * @param place where the file is
 * @returns the header; undefined where it takes the whole of a large file, or where it may be damaged
 * @throws Error with the reason in plain words, or what the decoder throws
 */
export async function openPicture(place: FilePlace): Promise<PictureFile | undefined> {
  if (isPart(place)) return readPicture(place);
  const { size: length } = await stat(place);
  if (length <= SMALL) return readPicture(place);
  // The decoder takes what follows a bracket for options, and refuses names that are not UTF-8.
  if (typeof place !== 'string' || place.includes('[')) return undefined;
  try {
    return { header: await readHeader(place), length, bytes: undefined };
  } catch (error) {
    if (isPictureError(error)) throw error;
    return undefined;
  }
}

/** A file that has been read whole. */
export type ReadPicture = PictureFile & { readonly bytes: Uint8Array };

/** Whether a file has been read whole. */
export const isRead = (file: PictureFile | undefined): file is ReadPicture =>
  file?.bytes !== undefined;

/**
 * Reads a whole file and its header.
 *
 * @param place where the file is
 * @returns both
 * @throws Error with the reason in plain words, or what the decoder throws
 */
export async function readPicture(place: FilePlace): Promise<ReadPicture> {
  // Read here: a path with a character that sharp's own opening refuses still works.
  const bytes = await (isPart(place) ? place.read() : readFile(place));
  return { header: await readHeader(bytes), length: bytes.length, bytes };
}

/** Bytes that {@link openPicture} reads at most. */
export const openingBytes = (place: FilePlace): number =>
  isPart(place) ? Math.max(SMALL, place.size) : SMALL;
