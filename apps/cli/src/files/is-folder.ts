import { existsSync, statSync } from 'node:fs';

/**
 * Whether there is a folder.
 *
 * @param path the place
 * @returns false for a file, and where there is nothing
 */
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
