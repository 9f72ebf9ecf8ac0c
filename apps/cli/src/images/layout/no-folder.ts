import { statSync } from 'node:fs';
import { COMPRESSED } from '../../args/shard-name.ts';
import { isSystemError, reasonOf } from '../../terminal/failure.ts';

const ARCHIVE = /\.(zip|t?gz|tgz|bz2|xz|7z|rar|tfrecords?)$/i;

/**
 * Why a path is not a folder.
 *
 * @param path what was given
 * @returns the reason, and what to do where that is known
 */
export function whyNoFolder(path: string): string {
  try {
    statSync(path);
    if (COMPRESSED.test(path)) return 'it is compressed; decompress it to a .tar first';
    return ARCHIVE.test(path) ? 'it is one file; unpack it first' : 'it is a file';
  } catch (error) {
    if (isSystemError(error) && error.code !== 'ENOENT') return reasonOf(error);
  }
  if (/https?:\/+/i.test(path)) return 'it is an address; download the images first';
  if (/(^|[/\\])~([/\\]|$)/.test(path))
    return 'your shell did not replace the ~; leave out the quotes';
  const [variable] = /\$\{?\w+\}?|%\w+%/.exec(path) ?? [];
  if (variable !== undefined) {
    return `your shell did not replace ${variable}; use double quotes, or none`;
  }
  return 'there is no such folder';
}
