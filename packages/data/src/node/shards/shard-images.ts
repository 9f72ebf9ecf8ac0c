import { closeSync, fstatSync, openSync } from 'node:fs';
import { nameOfBytes, openable } from '../file-names.ts';
import { BEGINNING_BYTES } from '../image-formats.ts';
import type { LeftOut } from '../list-images.ts';
import { whyNoFolder, whyNoImage } from '../listing/why-no-image.ts';
import { windowOver } from './read-at.ts';
import { labelOfJson, labelOfText, type ShardLabel } from './shard-labels.ts';
import { type ReadAt, type TarMember, walkTar } from './tar-members.ts';

/** The images of one shard, in the order of the file, and everything else in it. */
export type ShardImages = {
  /** Of the file when it was read. */
  readonly bytes: number;
  readonly changed: number;
  /** Names in the shard, with `/` between the parts. */
  readonly names: readonly string[];
  /** Where the bytes of each begin. */
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  /** The class of each, as the shard has it; null for none. */
  readonly labels: readonly ShardLabel[];
  /** Members that are not used; the name is empty where it is the shard itself. */
  readonly leftOut: readonly LeftOut[];
};

/** Bytes that a name may have: what the systems open. */
const LONGEST_NAME = 4096;
/** Bytes of an image: what one call reads. */
const LARGEST = 2 ** 31 - 1;
/** Bytes of a file with labels: more is not one. */
const MOST_LABEL = 2 ** 20;
/** Files beside an image that describe it, by their ending. */
const BESIDE = /\.(cls|json|txt)$/i;

type Found = { readonly offset: number; readonly size: number };

/**
 * Finds the images of a tar file, with the classes that files of the same base name give them
 * (`.cls`, or a field of `.json`), wherever in the file these are.
 *
 * @param path the file
 * @param endings of `readEndings`
 * @returns images and what is left out: also where the file is damaged, for what lies before
 * @throws whatever the file system throws
 */
export function readTarShard(path: string, endings: ReadonlySet<string>): ShardImages {
  const file = openSync(openable(path), 'r');
  try {
    const { size: bytes, mtimeMs: changed } = fstatSync(file);
    const readAt = windowOver(file);
    const [images, beside] = [new Map<string, Found>(), new Map<string, Found>()];
    const leftOut: LeftOut[] = [];
    const { problem } = walkTar(readAt, bytes, (member) => {
      const name = cleanName(nameOfBytes(member.name));
      const reason = whyNot(
        member,
        name,
        () => readAt(member.offset, Math.min(member.size, BEGINNING_BYTES)),
        endings,
      );
      if (reason === FOLDER) return;
      if (reason !== undefined && !(BESIDE.test(name) && reason.startsWith('not an image'))) {
        leftOut.push({ name: shortened(name), reason });
        return;
      }
      const { offset, size } = member;
      const kind = reason === undefined ? images : beside;
      if (kind === images && images.has(name)) {
        leftOut.push({ name, reason: 'a later file of the archive has the same name' });
      }
      kind.set(name, { offset, size });
    });
    const seconds = secondImages([...images.keys()]);
    for (const name of seconds) {
      images.delete(name);
      leftOut.push({ name, reason: 'a second image of its sample' });
    }
    const labels = labelsOf([...images.keys()], beside, readAt, leftOut);
    if (problem !== undefined) leftOut.push({ name: '', reason: problem });
    return {
      bytes,
      changed,
      names: [...images.keys()],
      offsets: Array.from(images.values(), ({ offset }) => offset),
      sizes: Array.from(images.values(), ({ size }) => size),
      labels,
      leftOut,
    };
  } finally {
    closeSync(file);
  }
}

const FOLDER = 'a folder';

/** Why a member is no image that can be used. */
function whyNot(
  { kind, size, name: bytes }: TarMember,
  name: string,
  begin: () => Buffer,
  endings: ReadonlySet<string>,
): string | undefined {
  if (kind === '5' || (kind === '0' && bytes.at(-1) === 0x2f)) return FOLDER;
  if (kind === '1' || kind === '2') return 'a link in an archive, which is not followed';
  if (kind === 'S') return 'a file with holes in an archive';
  if (kind !== '0' && kind !== '7') return 'neither a file nor a folder';
  if (name === '' || name.includes('\0')) return 'a name that no file can have';
  if (bytes.length > LONGEST_NAME) return `a name of over ${LONGEST_NAME} bytes`;
  if (size > LARGEST) return 'larger than 2 GB';
  const parts = name.split('/');
  if (parts.includes('..')) return 'a name that leads out of the archive';
  const own = parts.pop() ?? '';
  for (const folder of parts) {
    const reason = whyNoFolder(folder);
    if (reason !== undefined) return `in ${reason}`;
  }
  return whyNoImage(own, endings, begin);
}

/** Without what means the same: `./`, a `/` at the start, and two in a row. */
const cleanName = (name: string): string =>
  name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

const shortened = (name: string): string => (name.length > 200 ? `${name.slice(0, 200)}…` : name);

/** The name of the sample that a file belongs to: up to the first dot of its own name. */
function sampleOf(name: string): string {
  const dot = name.indexOf('.', name.lastIndexOf('/') + 2);
  return dot < 0 ? name : name.slice(0, dot);
}

const stemOf = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return dot <= name.lastIndexOf('/') + 1 ? name : name.slice(0, dot);
};

/**
 * Images beside one that has the plain name of the sample: `a.mask.png` and `a.png` beside `a.jpg`.
 * Where none has it (`cat.0.jpg`, `cat.1.jpg`), dots are a part of the names.
 */
function secondImages(names: readonly string[]): string[] {
  const first = new Map<string, string>();
  for (const name of names) {
    const sample = sampleOf(name);
    if (stemOf(name) === sample && !first.has(sample)) first.set(sample, name);
  }
  return names.filter((name) => (first.get(sampleOf(name)) ?? name) !== name);
}

/** The class of each image; files beside no image are left out. */
function labelsOf(
  names: readonly string[],
  beside: ReadonlyMap<string, Found>,
  readAt: ReadAt,
  leftOut: LeftOut[],
): ShardLabel[] {
  const byStem = new Map<string, Map<string, Found>>();
  for (const [name, found] of beside) {
    const own = byStem.get(stemOf(name)) ?? new Map<string, Found>();
    byStem.set(stemOf(name), own.set(name.slice(name.lastIndexOf('.') + 1).toLowerCase(), found));
  }
  const used = new Set<string>();
  const textOf = ({ offset, size }: Found): string | undefined =>
    size > MOST_LABEL ? undefined : readAt(offset, size).toString('utf8');
  const labels = names.map((name) => {
    const stem = byStem.has(stemOf(name)) ? stemOf(name) : sampleOf(name);
    const own = byStem.get(stem);
    if (own === undefined) return null;
    used.add(stem);
    const [cls, json] = [own.get('cls'), own.get('json')];
    if (cls !== undefined) {
      const label = labelOfText(textOf(cls) ?? '');
      if (label === null) leftOut.push({ name: `${stem}.cls`, reason: 'a label that is none' });
      return label;
    }
    return json === undefined ? null : labelOfJson(textOf(json) ?? '');
  });
  for (const name of beside.keys()) {
    if (used.has(stemOf(name))) continue;
    const ending = name.slice(name.lastIndexOf('.')).toLowerCase();
    const reason = ending === '.cls' ? 'a label without its image' : `not an image: ${ending}`;
    leftOut.push({ name, reason });
  }
  return labels;
}
