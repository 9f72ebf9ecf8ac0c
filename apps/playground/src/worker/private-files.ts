/** Files of the origin-private file system, which a browser keeps for this page alone. */
export type PrivateFolder = {
  /** Nothing where there is no such file. */
  readonly read: (name: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;
  readonly write: (name: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
};

/** `createSyncAccessHandle` is what all browsers write with, in workers alone. */
type SyncFile = {
  readonly truncate: (size: number) => void;
  readonly write: (bytes: Uint8Array<ArrayBuffer>, options: { readonly at: number }) => number;
  readonly flush: () => void;
  readonly close: () => void;
};

const isFull = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'QuotaExceededError';

const isMissing = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'NotFoundError';

/**
 * Opens a folder of the origin-private file system.
 *
 * @param name the folder, made where it is not there
 * @returns what reads and writes its files
 * @throws DOMException where the browser has no such place for this page
 */
export async function privateFolder(name: string): Promise<PrivateFolder> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  return {
    async read(file) {
      try {
        const found = await (await folder.getFileHandle(file)).getFile();
        return new Uint8Array(await found.arrayBuffer());
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async write(file, bytes) {
      const handle = (await folder.getFileHandle(file, {
        create: true,
      })) as FileSystemFileHandle & {
        readonly createSyncAccessHandle: () => Promise<SyncFile>;
      };
      const open = await handle.createSyncAccessHandle();
      try {
        open.truncate(0);
        open.write(bytes, { at: 0 });
        open.flush();
      } catch (error) {
        if (!isFull(error)) throw error;
        throw new Error('its storage is full; free some of it, or download the run');
      } finally {
        open.close();
      }
    },
    async remove(file) {
      await folder.removeEntry(file).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

/** Whether this tab may write: one at a time, or two runs would mix. The lock is held until the tab closes. */
export function holdsLock(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined);
    });
  });
}
