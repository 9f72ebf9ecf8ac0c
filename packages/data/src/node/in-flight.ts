import { weightLimit } from '../weight-limit.ts';
import type { FilePlace } from './file-part.ts';
import {
  isRead,
  openingBytes,
  openPicture,
  type PictureFile,
  type ReadPicture,
  readPicture,
} from './picture-file.ts';
import type { Header } from './picture-header.ts';
import { isOfDecoder, plainReason } from './plain-reason.ts';

/** Bytes that files being read and decoded may take together, going by headers; a larger one is alone. */
const MOST_BYTES = 2 ** 27;
const ALONE = Number.POSITIVE_INFINITY;
/** Of the whole process, as are the memory and the decoder's texts of errors. */
const limit = weightLimit(MOST_BYTES);

/**
 * Reads a file's header, and the rest only of what cannot be known without.
 *
 * @param place where the file is
 * @returns the header
 * @throws Error with the reason in plain words
 */
export const readOnlyHeader = (place: FilePlace): Promise<Header> =>
  surely(
    place,
    async () => {
      const opened = await limit(openingBytes(place), () => openPicture(place));
      if (opened?.header.complete) return opened.header;
      return limit(opened?.length ?? ALONE, async () => (await readPicture(place)).header);
    },
    async ({ header }) => header,
  );

/**
 * Reads a whole file and does something with it, as soon as there is memory for it.
 *
 * @param place where the file is
 * @param weigh how many bytes it takes
 * @param use what is done
 * @returns what `use` gives
 * @throws Error with the reason in plain words: the same, whatever else is being decoded
 */
export const readWhole = <T>(
  place: FilePlace,
  weigh: (file: PictureFile) => number,
  use: (picture: ReadPicture) => Promise<T>,
): Promise<T> =>
  surely(
    place,
    async () => {
      const opened = await limit(openingBytes(place), () => openPicture(place));
      return limit(opened ? weigh(opened) : ALONE, async () =>
        use(isRead(opened) ? opened : await readPicture(place)),
      );
    },
    use,
  );

/** Tries; where the decoder fails, once more with nothing beside it: concurrent errors share one text. */
async function surely<T>(
  place: FilePlace,
  read: () => Promise<T>,
  use: (picture: ReadPicture) => Promise<T>,
): Promise<T> {
  try {
    return await read().catch((error) => {
      if (!isOfDecoder(error)) throw error;
      return limit(ALONE, async () => use(await readPicture(place)));
    });
  } catch (error) {
    throw new Error(plainReason(error), { cause: error });
  }
}
