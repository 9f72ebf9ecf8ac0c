import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openable } from '../file-names.ts';
import { keepFile } from '../kept-file.ts';
import type { Entries } from './folder-entries.ts';

/** What was found in a folder, and whether it still holds. */
export type KnownFolder = Entries & {
  /** Number and times of the folder: as long as they stay, nothing was added, removed or renamed in it. */
  readonly stamp: string;
  /** A digest of number, size and times of the files that were opened. */
  readonly read: string;
  /** Why some of these are left out, by name. */
  readonly reasons: ReadonlyMap<string, string>;
};

/** The list of a folder and of those in it, for the next call. */
export type KeptList = {
  /** @returns what was found in a folder, by its path in the list's own; undefined for nothing, or where it changed */
  readonly known: (path: string, stamp: string) => KnownFolder | undefined;
  /** Takes note of a folder. */
  readonly note: (path: string, folder: KnownFolder) => void;
  /** Writes the list, where it is of many files and anything is new in it. */
  readonly keep: () => Promise<void>;
};

/** Raise it when the same files are to be used or left out for other reasons. */
const FORMAT = 'twocan/list/1';
/** Files of a folder from which on its list is kept: fewer are listed in less than half a second. */
const MANY = 20_000;
/** How many lists are kept: those that were written last. */
const LISTS = 16;
/** Milliseconds for which a file or folder must have been left alone: a change within one tick of a clock shows in no time. */
export const SETTLED = 2000;

/**
 * Linux's numbers of file systems on which every change of a folder's entries changes its times: ext, XFS,
 * Btrfs, F2FS, tmpfs, overlay, ZFS, NFS, Ceph, Lustre. Not so FAT, and bucket stores that look like folders.
 */
const FAITHFUL: ReadonlySet<number> = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994],
  ...[0x794c7630, 0x2fc12fc1, 0x6969, 0x00c36400, 0x0bd00bd0],
]);

/**
 * The list of a folder that an earlier call kept.
 *
 * @param folder that is listed
 * @param cache where lists are kept
 * @param reader names what decides which files are left out, beside the files
 * @returns the list; an empty one where there is none, or it is damaged or of another version
 */
export async function keptList(folder: string, cache: string, reader: string): Promise<KeptList> {
  const lists = join(cache, 'lists');
  const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 32);
  const place = join(lists, `${name}.json`);
  const before = await readList(place, reader);
  const now = new Map<string, KnownFolder>();
  return {
    known: (path, stamp) => {
      const found = before.get(path);
      return found?.stamp === stamp ? found : undefined;
    },
    note: (path, known) => now.set(path, known),
    keep: async () => {
      const files = [...now.values()].reduce((sum, { names }) => sum + names.length, 0);
      const isSame =
        now.size === before.size && [...now].every(([path, own]) => before.get(path) === own);
      if (files < MANY || isSame) return;
      if (await keepFile(place, listText(now, reader))) await removeOld(lists);
    },
  };
}

/**
 * Whether the times of a folder show each change of what is in it.
 *
 * @param folder the path
 * @returns false also where that is not known, as on systems other than Linux
 */
export async function isFaithful(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return statfs(openable(folder)).then(
    ({ type }) => FAITHFUL.has(type),
    () => false,
  );
}

/** Names as one text: a name has no slash. */
const joined = (names: Iterable<string>): string => [...names].join('/');
const parted = (text: string): string[] => (text === '' ? [] : text.split('/'));

function listText(folders: ReadonlyMap<string, KnownFolder>, reader: string): string {
  const rows = Array.from(folders, ([path, { stamp, read, names, ...of }]) => [
    ...[path, stamp, read, joined(names), joined(of.folders), joined(of.others)],
    [...of.reasons],
  ]);
  return JSON.stringify({ format: FORMAT, reader, rows });
}

async function readList(place: string, reader: string): Promise<Map<string, KnownFolder>> {
  try {
    const { rows, ...of } = JSON.parse(await readFile(place, 'utf8'));
    if (of.format !== FORMAT || of.reader !== reader) return new Map();
    return new Map(
      rows.map(([path, stamp, read, names, folders, others, reasons]: readonly string[]) => [
        path,
        {
          ...{ stamp, read, names: parted(names ?? ''), reasons: new Map(reasons as never) },
          ...{ folders: new Set(parted(folders ?? '')), others: new Set(parted(others ?? '')) },
        },
      ]),
    );
  } catch {
    return new Map(); // there is none, or it is damaged
  }
}

/** Lists of folders that are gone would stay for ever. */
async function removeOld(lists: string): Promise<void> {
  const found = await Promise.all(
    (await readdir(lists)).map(async (name) => {
      const path = join(lists, name);
      return { path, written: (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs };
    }),
  ).catch(() => []);
  const old = found.sort((a, b) => b.written - a.written).slice(LISTS);
  for (const { path } of old) await rm(path, { force: true }).catch(() => undefined);
}
