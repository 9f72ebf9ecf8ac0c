import { readdir } from 'node:fs/promises';
import { nameOfBytes, openable } from '../file-names.ts';

/** What is in a folder. */
export type Entries = {
  /** All names, by UTF-16 code units, whatever the locale. */
  readonly names: readonly string[];
  /** Those of folders. */
  readonly folders: ReadonlySet<string>;
  /** Those of links, and of whatever is neither a file nor a folder. */
  readonly others: ReadonlySet<string>;
};

type Found = {
  readonly name: string;
  readonly isFile: () => boolean;
  readonly isDirectory: () => boolean;
};

/**
 * Reads what is in a folder, without a look at each file.
 *
 * @param folder the path
 * @returns its entries
 * @throws whatever the file system throws
 */
export async function readEntries(folder: string): Promise<Entries> {
  const found = await entriesOf(folder);
  const [folders, others] = [new Set<string>(), new Set<string>()];
  for (const entry of found) {
    if (!entry.isFile()) (entry.isDirectory() ? folders : others).add(entry.name);
  }
  return { names: found.map(({ name }) => name).sort(), folders, others };
}

async function entriesOf(folder: string): Promise<Found[]> {
  const path = openable(folder);
  const found = await readdir(path, { withFileTypes: true });
  // Such a character stands for bytes that are not UTF-8, or for itself.
  if (!found.some(({ name }) => name.includes('\uFFFD'))) return found;
  const exact = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
  return exact.map((entry) => ({
    name: nameOfBytes(entry.name),
    isFile: () => entry.isFile(),
    isDirectory: () => entry.isDirectory(),
  }));
}
