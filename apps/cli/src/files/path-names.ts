import type { PlatformPath } from 'node:path';
import path from 'node:path';

/** Bytes that a name may have on Linux and macOS; Windows counts 255 UTF-16 units. */
const LONGEST = 255;
/** Letters of a label: with what is put behind it, it stays far below {@link LONGEST}. */
const LABEL = 60;
/** Devices of Windows; a file of that name, whatever its ending, is the device. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)/i;
const FORBIDDEN = /[<>:"|?*]/;

/**
 * The reason why no file or folder can have a path, from the path alone.
 *
 * @param given the path
 * @param paths the rules: `path.win32` or `path.posix`; this machine's unless given
 * @returns such as `has a part of over 255 bytes`; undefined where nothing is wrong with it
 * @example
 * pathProblem('runs/aux', path.win32); // "has the part 'aux', which Windows keeps for a device"
 */
export function pathProblem(given: string, paths: PlatformPath = path): string | undefined {
  if (given === '') return 'is empty';
  if (given.includes('\0')) return 'has a NUL character';
  const windows = paths.sep === '\\';
  const root = paths.parse(given).root;
  const parts = given.slice(root.length).split(windows ? /[\\/]/ : '/');
  for (const part of parts) {
    const length = windows ? part.length : Buffer.byteLength(part);
    if (length > LONGEST) {
      return `has a part of ${length} ${windows ? 'letters' : 'bytes'}, and ${LONGEST} is the most`;
    }
    const problem = windows ? windowsProblem(part) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function windowsProblem(part: string): string | undefined {
  if (part === '' || part === '.' || part === '..') return undefined;
  if (DEVICE.test(part.trimEnd()))
    return `has the part '${part}', which Windows keeps for a device`;
  const [forbidden] = FORBIDDEN.exec(part) ?? [];
  if (forbidden !== undefined) return `has a ${forbidden}, which Windows does not allow in a name`;
  if ([...part].some((letter) => letter < ' ')) {
    return 'has a control character, which Windows does not allow in a name';
  }
  if (/[. ]$/.test(part))
    return `has the part '${part}', and on Windows no name ends in a dot or space`;
  return undefined;
}

/**
 * Makes a label for a run out of a folder's path: one name that every file system takes, in every
 * shell without quotes.
 *
 * @param folder a path, or `shapes:COUNT`
 * @param paths the rules of the path; this machine's unless given
 * @returns letters, digits, `.`, `-` and `_`; `data` where nothing of the name is left
 * @example
 * labelOf('C:\\my photos', path.win32); // 'my-photos'
 */
export function labelOf(folder: string, paths: PlatformPath = path): string {
  const label = [...paths.basename(folder).normalize('NFC')]
    .slice(0, LABEL)
    .join('')
    .replace(/:.*/, '')
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
  if (label === '') return 'data';
  return DEVICE.test(label) ? `data-${label}` : label;
}

/**
 * Whether something is the absolute path of a folder on some machine, perhaps another than this.
 *
 * @param source a path, or `shapes:COUNT`
 * @returns false for what is drawn, and for relative paths
 * @example
 * isPlace('C:\\photos'); // true, also on Linux
 */
export const isPlace = (source: string): boolean =>
  path.posix.isAbsolute(source) || path.win32.isAbsolute(source);

/**
 * Whether one path is another or lies below it, by the letters alone: links are the caller's matter.
 *
 * @param inner an absolute path
 * @param outer an absolute path
 * @param paths the rules; this machine's unless given. On Windows, capitals do not count
 * @returns true for the same path as well
 * @example
 * isWithin('C:\\Photos\\a.png', 'c:\\photos', path.win32); // true
 */
export function isWithin(inner: string, outer: string, paths: PlatformPath = path): boolean {
  const way = paths.relative(outer, inner);
  return way === '' || !(way.split(/[\\/]/)[0] === '..' || paths.isAbsolute(way));
}
