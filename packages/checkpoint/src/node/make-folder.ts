import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and the folders above it that are missing.
 *
 * Node's own recursive `mkdir` never returns where a file system takes no new folders (`/proc`).
 * Here each missing folder is tried once.
 *
 * @param path the folder; nothing happens where it is there already
 * @returns the folders that were made, the uppermost first, as absolute paths
 * @throws Error that names the first folder that cannot be made, with the file system's `code`;
 *   those made above it are removed again
 * @example
 * makeFolder('runs/photos/checkpoints');
 */
export function makeFolder(path: string): string[] {
  if (path === '') throw new RangeError('makeFolder: path must not be empty');
  const made: string[] = [];
  try {
    for (const folder of missingFolders(resolve(path))) if (make(folder)) made.push(folder);
  } catch (error) {
    removeEmptyFolders(made);
    throw error;
  }
  return made;
}

/** The folders from the first that is missing down to the path itself. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  let at = path;
  while (!isFolder(at)) {
    missing.unshift(at);
    const above = dirname(at);
    if (above === at) break; // the root of a drive that is not there
    at = above;
  }
  return missing;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // without permission to look, mkdir gives the reason
  }
}

function make(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    // Another process may have made it in between.
    if (codeOf(error) === 'EEXIST' && isFolder(folder)) return false;
    const reason = codeOf(error) === 'EEXIST' ? 'a file of that name is there' : messageOf(error);
    throw Object.assign(new Error(`makeFolder: ${folder} cannot be made: ${reason}`), {
      code: codeOf(error),
      folder,
    });
  }
}

/**
 * Removes folders that are empty: the opposite of {@link makeFolder}.
 *
 * @param folders what {@link makeFolder} returned
 * @example
 * removeEmptyFolders(makeFolder('a/b/c'));
 */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return; // somebody uses it meanwhile
    }
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
