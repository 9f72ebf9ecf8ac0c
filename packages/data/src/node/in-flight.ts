import {
  isRead,
  openPicture,
  type PictureFile,
  type ReadPicture,
  readPicture,
  SMALL,
} from './picture-file.ts';
import type { Header } from './picture-header.ts';
import { isOfDecoder, plainReason } from './plain-reason.ts';
import { weightLimit } from './weight-limit.ts';

/** Bytes that files being read and decoded may take together, going by headers; a larger one is alone. */
const MOST_BYTES = 2 ** 27;
const ALONE = Number.POSITIVE_INFINITY;
/** Of the whole process, as are the memory and the decoder's texts of errors. */
const limit = weightLimit(MOST_BYTES);

/**
 * Reads a file's header, and the rest only of what cannot be known without.
 *
 * @param path of the file; bytes where it is not UTF-8
 * @returns the header
 * @throws Error with the reason in plain words
 */
export const readOnlyHeader = (path: string | Uint8Array): Promise<Header> =>
  surely(
    path,
    async () => {
      const opened = await limit(SMALL, () => openPicture(path));
      if (opened?.header.complete) return opened.header;
      return limit(opened?.length ?? ALONE, async () => (await readPicture(path)).header);
    },
    async ({ header }) => header,
  );

/**
 * Reads a whole file and does something with it, as soon as there is memory for it.
 *
 * @param path of the file; bytes where it is not UTF-8
 * @param weigh how many bytes it takes
 * @param use what is done
 * @returns what `use` gives
 * @throws Error with the reason in plain words: the same, whatever else is being decoded
 */
export const readWhole = <T>(
  path: string | Uint8Array,
  weigh: (file: PictureFile) => number,
  use: (picture: ReadPicture) => Promise<T>,
): Promise<T> =>
  surely(
    path,
    async () => {
      const opened = await limit(SMALL, () => openPicture(path));
      return limit(opened ? weigh(opened) : ALONE, async () =>
        use(isRead(opened) ? opened : await readPicture(path)),
      );
    },
    use,
  );

/** Tries; where the decoder fails, once more with nothing beside it: concurrent errors share one text. */
async function surely<T>(
  path: string | Uint8Array,
  read: () => Promise<T>,
  use: (picture: ReadPicture) => Promise<T>,
): Promise<T> {
  try {
    return await read().catch((error) => {
      if (!isOfDecoder(error)) throw error;
      return limit(ALONE, async () => use(await readPicture(path)));
    });
  } catch (error) {
    throw new Error(plainReason(error), { cause: error });
  }
}
