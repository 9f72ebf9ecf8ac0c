import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fold, key, permutation } from '@twocan/core';
import {
  imageEnding,
  type LeftOut,
  markFiles,
  printable,
  TAR_END,
  tarMemberSize,
} from '@twocan/data/node';
import { classOfName, type Part, readLayout } from '../images/layout/layout.ts';
import type { ListedFolder } from '../images/layout/open-images.ts';
import { partName } from '../images/layout/part-names.ts';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';
import { progressOf } from '../terminal/progress.ts';

/** An image in a shard, and what it is a copy of. */
export type PlannedImage = {
  /** Its name in the part that it is of. */
  readonly source: string;
  /** Its name in the shard. */
  readonly name: string;
  readonly size: number;
  /** The name and contents of the file with its class; absent for none. */
  readonly label?: { readonly name: string; readonly text: string };
};

/** A shard that is to be written. */
export type PlannedShard = {
  /** Relative to the output, with `/` between the parts. */
  readonly name: string;
  /** The part that its images are of, relative to the folder that was listed. */
  readonly folder: string;
  readonly bytes: number;
  readonly images: readonly PlannedImage[];
};

/** Everything that is to be written. */
export type ShardPlan = {
  readonly shards: readonly PlannedShard[];
  readonly classes: readonly string[];
  readonly leftOut: ListedFolder['leftOut'];
  /** Of the names and sizes of all images and of what is written: a digest. */
  readonly digest: string;
};

/** How large a shard becomes at most: the first limit that is met; one image is never too much. */
export type ShardLimits = { readonly bytes: number; readonly images: number };

/** Digits of a shard's number. */
const DIGITS = 5;

/**
 * Decides which image goes where: parts apart, in an order drawn from the seed.
 *
 * @param listed the folder
 * @param of.limits of a shard
 * @param of.seed of the order
 * @returns the plan: the same for the same files
 * @throws Failure (exit code 2) where an image cannot be read, or a class has a name that no list can have
 */
export async function planShards(
  listed: ListedFolder,
  { limits, seed }: { readonly limits: ShardLimits; readonly seed: number },
): Promise<ShardPlan> {
  const { train, tested, leftOut } = readLayout(listed.images);
  const test = tested !== undefined && tested.part !== train ? tested : undefined;
  const asTrain = test?.by === 'training part' ? test.classOf : new Map<string, string>();
  const parts = [train, ...(test === undefined ? [] : [test.part])].map((part, i) => ({
    part,
    role: test === undefined ? '' : i === 0 ? 'train/' : `${roleOf(part)}/`,
    nameOf: (own: string): string => (i === 0 ? own : (asTrain.get(own) ?? own)),
  }));
  const classes = inOrder([
    ...new Set(parts.flatMap(({ part, nameOf }) => part.classes.map(nameOf))),
  ]);
  expectListable(classes);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const shards: PlannedShard[] = [];
  const unread: LeftOut[] = [];
  for (const { part, role, nameOf } of parts) {
    const classOf = classOfName(part);
    const numberOf = (name: string): number | undefined =>
      part.classes.length === 0 ? undefined : numbers.get(nameOf(classOf(name)));
    const found = await filesOf(listed, part);
    const images = withNames(part, found.images, numberOf);
    for (const one of found.leftOut) unread.push(one);
    const order = permutation(fold(fold(key(seed), 'shard'), role), images.length);
    const mixed = Array.from(order, (i) => images[i] as PlannedImage);
    for (const shard of packed(mixed, limits, role)) shards.push({ ...shard, folder: part.folder });
  }
  const hash = createHash('sha256');
  for (const { name, folder, images } of shards) {
    hash.update(`${name}\0`);
    for (const image of images) {
      hash.update(`${inFolder(folder, image.source)}\0${image.name}\0${image.size}\0`);
    }
  }
  const all = [...listed.leftOut, ...leftOut, ...unread];
  return { shards, classes, leftOut: all, digest: hash.digest('hex') };
}

const inFolder = (folder: string, name: string): string =>
  folder === '' ? name : `${folder}/${name}`;

/** By name; where all are numbers by these, so that a class 10 is number 10. */
const inOrder = (classes: readonly string[]): string[] =>
  classes.every((name) => /^(0|[1-9]\d*)$/.test(name))
    ? classes.toSorted((a, b) => Number(a) - Number(b))
    : classes.toSorted();

const roleOf = ({ folder }: Part): string =>
  partName(folder.slice(folder.lastIndexOf('/') + 1))?.role ?? 'test';

/** Classes are lines of a text file. */
function expectListable(classes: readonly string[]): void {
  const wrong = classes.find((name) => printable(name) !== name);
  if (wrong === undefined) return;
  throw usageError(
    `the class folder ${printable(wrong)} has a name that a list cannot have: rename it`,
  );
}

/** An image as it lies there. */
type FoundImage = {
  readonly name: string;
  readonly size: number;
  /** The ending that its name lacks. */
  readonly ending?: string | undefined;
};

/** The sizes of a part's images. Rows of a table are read for it; those without an image are left out. */
async function filesOf(
  listed: ListedFolder,
  { folder, names }: Part,
): Promise<{ readonly images: readonly FoundImage[]; readonly leftOut: readonly LeftOut[] }> {
  const line = progressOf('looking at the files');
  const parts = listed.filesIn(folder);
  if (parts === undefined || names.every((name) => parts.part(name).isRow !== true)) {
    const marks = await markFiles(join(listed.root, folder), names, {
      ...{ parts, reads: () => false, progress: line.count },
    });
    const sizes = new Map(marks.map(({ name, size }) => [name, size]));
    const images = names.map((name) => {
      const size = sizes.get(name) ?? -1;
      if (size >= 0) return { name, size };
      throw usageError(`${printable(inFolder(folder, name))} cannot be read; move it away`);
    });
    return { images, leftOut: [] };
  }
  const [images, leftOut]: [FoundImage[], LeftOut[]] = [[], []];
  for (const name of names) {
    try {
      const bytes = await parts.part(name).read();
      images.push({ name, size: bytes.length, ending: imageEnding(bytes) });
    } catch (error) {
      if (isSystemError(error)) throw error;
      leftOut.push({ name: inFolder(folder, name), reason: reasonOf(error) });
    }
    line.count(images.length + leftOut.length, names.length);
  }
  return { images, leftOut };
}

function withNames(
  { inside }: Part,
  images: readonly FoundImage[],
  numberOf: (name: string) => number | undefined,
): PlannedImage[] {
  const taken = new Set<string>();
  return images.map(({ name, size, ending: missing }) => {
    const own =
      inside !== '' && name.startsWith(`${inside}/`) ? name.slice(inside.length + 1) : name;
    const { stem, ending } = sampleName(own, taken, missing);
    const number = numberOf(name);
    const label = number !== undefined && { label: { name: `${stem}.cls`, text: String(number) } };
    return { source: name, name: stem + ending, size, ...label };
  });
}

/**
 * A name whose own part has one dot, that before its ending: WebDataset takes what is before the first
 * for the sample. No two samples have the same.
 */
function sampleName(
  name: string,
  taken: Set<string>,
  missing: string | undefined,
): { readonly stem: string; readonly ending: string } {
  const cut = name.lastIndexOf('/') + 1;
  const own = name.slice(cut);
  const given = missing === undefined ? (/(\.svg\.gz|\.[^.]*)$/i.exec(own)?.[0] ?? '') : '';
  const ending = missing ?? given;
  const plain = name.slice(0, cut) + own.slice(0, own.length - given.length).replaceAll('.', '_');
  let stem = plain;
  for (let count = 2; taken.has(stem); count++) stem = `${plain}-${count}`;
  taken.add(stem);
  return { stem, ending };
}

function packed(
  images: readonly PlannedImage[],
  limits: ShardLimits,
  role: string,
): Omit<PlannedShard, 'folder'>[] {
  const groups: { bytes: number; images: PlannedImage[] }[] = [];
  for (const image of images) {
    const { name, size, label } = image;
    const bytes =
      tarMemberSize(name, size) + (label ? tarMemberSize(label.name, label.text.length) : 0);
    const last = groups.at(-1);
    const fits =
      last !== undefined &&
      last.images.length < limits.images &&
      last.bytes + bytes + TAR_END.length <= limits.bytes;
    if (fits) {
      last.images.push(image);
      last.bytes += bytes;
    } else groups.push({ bytes, images: [image] });
  }
  return groups.map(({ bytes, images: own }, number) => ({
    name: `${role}${String(number).padStart(DIGITS, '0')}.tar`,
    bytes: bytes + TAR_END.length,
    images: own,
  }));
}
