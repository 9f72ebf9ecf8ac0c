import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { sep } from 'node:path';
import { openable } from '../file-names.ts';
import { stampText } from '../fingerprint.ts';
import { BEGINNING_BYTES, kindOfEnding } from '../image-formats.ts';
import { beginningOf } from './first-bytes.ts';
import type { Entries } from './folder-entries.ts';
import type { KnownFolder } from './kept-list.ts';
import { beginningDecides, endingOf, isHidden, whyNoImage } from './why-no-image.ts';

/** A reason to leave an image out, from its first bytes. */
export type SkippedBeginning = {
  /** In lower case, with its dot; files of another ending are not opened for it. */
  readonly ending: string;
  /** How many bytes are read. */
  readonly bytes: number;
  readonly reason: (beginning: Buffer) => string | undefined;
};

/** Why files of a folder are left out, and what was found of those that were opened for it. */
export type ContentReasons = {
  /** @returns the reason against a file; undefined for an image */
  readonly against: (name: string) => string | undefined;
  /** Of all that were opened; undefined where one of them was written to just now. */
  readonly found: () => Pick<KnownFolder, 'read' | 'reasons'> | undefined;
};

/**
 * Why files of a folder are no images. Files are opened where their name does not decide, but not where all
 * such files of the folder are those that an earlier call opened.
 *
 * @param folder its path and entries, and what is known of it
 * @param rules endings of `readEndings`, and until when a file must have been left alone, in milliseconds
 * @returns asks each file by itself
 */
export function contentReasons(
  {
    path,
    entries,
    known,
  }: {
    readonly path: string;
    readonly entries: Entries;
    readonly known: KnownFolder | undefined;
  },
  {
    endings,
    settled,
    skip,
  }: {
    readonly endings: ReadonlySet<string>;
    readonly settled: number;
    readonly skip: SkippedBeginning | undefined;
  },
): ContentReasons {
  const byEnding = new Map<string, boolean>();
  const isRead = (name: string): boolean => {
    if (isHidden(name) || entries.others.has(name)) return false;
    const ending = endingOf(name);
    const before = byEnding.get(ending);
    if (before !== undefined) return before;
    const kind = kindOfEnding(ending, endings);
    const now = beginningDecides(kind) || (kind === 'read' && ending === skip?.ending);
    byEnding.set(ending, now);
    return now;
  };
  const placeOf = (name: string): string | Buffer => openable(`${path}${sep}${name}`);
  const count = Math.max(BEGINNING_BYTES, skip?.bytes ?? 0);
  const [hash, reasons] = [createHash('sha256'), new Map<string, string>()];
  let isSettled = true;
  const begin = (name: string): Buffer => {
    const { bytes, stats } = beginningOf(placeOf(name), count);
    if (!entries.others.has(name)) {
      hash.update(`${stampText(stats)}\n`);
      isSettled &&= Math.max(stats.mtimeMs, stats.ctimeMs) < settled;
    }
    return bytes;
  };
  const whySkipped = (name: string): string | undefined => {
    try {
      return skip?.reason(begin(name).subarray(0, skip.bytes));
    } catch {
      return undefined; // the decoder gives the reason
    }
  };
  const whyNot = (name: string): string | undefined => {
    try {
      const reason = whyNoImage(name, endings, () => begin(name));
      return reason === undefined && endingOf(name) === skip?.ending ? whySkipped(name) : reason;
    } catch (error) {
      return `cannot be opened: ${codeOf(error)}`;
    }
  };
  const read = known === undefined ? undefined : digestNow(entries, isRead, placeOf);
  if (known !== undefined && read === known.read) {
    return {
      against: (name) => (isRead(name) ? known.reasons.get(name) : whyNot(name)),
      found: () => known,
    };
  }
  return {
    against: (name) => {
      const reason = whyNot(name);
      if (reason !== undefined && isRead(name)) reasons.set(name, reason);
      return reason;
    },
    found: () => (isSettled ? { read: hash.digest('hex'), reasons } : undefined),
  };
}

/** A digest of the files of a folder that would be opened, as they are now; undefined where one cannot be looked at. */
function digestNow(
  { names, folders }: Entries,
  isRead: (name: string) => boolean,
  placeOf: (name: string) => string | Buffer,
): string | undefined {
  const hash = createHash('sha256');
  try {
    for (const name of names) {
      if (folders.has(name) || !isRead(name)) continue;
      hash.update(`${stampText(statSync(placeOf(name)))}\n`);
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

/** What the file system says is wrong. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
