import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type ImageFolder, imageFolder } from '@twocan/data/node';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';

/**
 * Opens the image of `--query`.
 *
 * @param query its path
 * @returns a data set of this image alone; the caller closes it
 * @throws Failure (exit code 2) for what is no file, or no image, with the reason
 */
export async function openQuery(query: string): Promise<ImageFolder> {
  expectFile(query);
  const only = [basename(query)];
  try {
    return await imageFolder(dirname(query), { only, atOnce: 1 });
  } catch (error) {
    const broken: ImageFolder['broken'] =
      error instanceof Error && 'broken' in error ? (error.broken as ImageFolder['broken']) : [];
    const [{ reason } = { reason: reasonOf(error) }] = broken;
    throw usageError(`--query ${query} cannot be read: ${reason}; give one image`, error);
  }
}

/** A device or a pipe may never end. */
function expectFile(query: string): void {
  try {
    const found = statSync(query);
    if (found.isDirectory()) throw usageError(`--query ${query} is a folder; give one image`);
    if (!found.isFile()) throw usageError(`--query ${query} is no ordinary file; give one image`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT') throw usageError(`--query ${query} does not exist`, error);
    throw usageError(`--query ${query} cannot be read: ${reasonOf(error)}`, error);
  }
}
