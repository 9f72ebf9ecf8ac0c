import { expectType } from '@twocan/core';

/** A file with the path that it was chosen by, `/` between the parts. */
export type NamedFile = { readonly path: string; readonly file: Blob };

/**
 * The files of an `<input type="file">`, also of one that takes a folder.
 *
 * @param files its `files`, or those of a paste
 * @returns each with its path
 * @example
 * const files = pickedFiles(input.files ?? []);
 */
export function pickedFiles(files: Iterable<File>): NamedFile[] {
  expectType('pickedFiles', 'files', files, 'object');
  return Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * The files that were dropped on a page, those of folders too.
 *
 * @param dropped `event.dataTransfer`; read at once, since a browser empties it after the event
 * @returns each with its path
 * @throws DOMException where a folder cannot be read
 * @example
 * addEventListener('drop', async (event) => openImages(await droppedFiles(event.dataTransfer)));
 */
export async function droppedFiles(dropped: DataTransfer): Promise<NamedFile[]> {
  expectType('droppedFiles', 'dropped', dropped, 'object');
  const items = [...dropped.items].filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found: NamedFile[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push({ path: entry.name, file: entry });
    else if (entry !== null) await walk(entry, found);
  }
  return found;
}

async function walk(entry: FileSystemEntry, found: NamedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser hands out a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return;
    for (const inside of some) await walk(inside, found);
  }
}
