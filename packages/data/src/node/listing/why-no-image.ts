import { type EndingKind, imageEnding, kindOfEnding } from '../image-formats.ts';

/**
 * Why a file is not an image, by its own name, or by its first bytes where the name does not say.
 *
 * @param name without folders
 * @param endings of `readEndings`
 * @param begin reads the first bytes; called where they are needed
 * @returns the reason; undefined for an image
 * @throws what `begin` throws
 */
export function whyNoImage(
  name: string,
  endings: ReadonlySet<string>,
  begin: () => Buffer,
): string | undefined {
  if (isHidden(name)) return 'a hidden file';
  const ending = endingOf(name);
  const kind = kindOfEnding(ending, endings);
  if (kind === 'read') return undefined;
  if (kind === 'not an image') return `not an image: ${ending}`;
  if (beginningDecides(kind) && imageEnding(begin()) !== undefined) return undefined;
  return kind === 'none'
    ? 'not an image: no ending'
    : `an image format that is not read here: ${ending}`;
}

/** Whether {@link whyNoImage} reads the first bytes of a file that is not hidden, by its ending. */
export const beginningDecides = (kind: EndingKind): boolean =>
  kind === 'none' || kind === 'other image';

/**
 * Why nothing in a folder is used, by the folder's own name.
 *
 * @param name without the folders above it
 * @returns the reason; undefined for any other folder
 */
export function whyNoFolder(name: string): string | undefined {
  if (isHidden(name)) return 'a hidden folder';
  return SYSTEM_FOLDERS.test(name) ? 'a folder of the operating system' : undefined;
}

/** Bins, thumbnails and notes that Windows, macOS and disk stations keep in every folder or disk. */
const SYSTEM_FOLDERS =
  /^(__MACOSX|\$RECYCLE\.BIN|RECYCLER|System Volume Information|@eaDir|@Recycle|@Recently-Snapshot|#recycle|#snapshot|lost\+found)$/i;

/** Whether a file or folder is not shown by its system. */
export const isHidden = (name: string): boolean => name.startsWith('.');

/** The ending in lower case; `.svg.gz` is one. */
export function endingOf(name: string): string {
  const lower = name.toLowerCase();
  const dot = lower.endsWith('.svg.gz') ? lower.length - '.svg.gz'.length : lower.lastIndexOf('.');
  return dot > 0 ? lower.slice(dot) : '';
}
