import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fold, key, permutation } from '@twocan/core';
import { markFiles, printable, TAR_END, tarMemberSize } from '@twocan/data/node';
import { classOfName, type Part, readLayout } from '../images/layout/layout.ts';
import type { ListedFolder } from '../images/layout/open-images.ts';
import { partName } from '../images/layout/part-names.ts';
import { usageError } from '../terminal/failure.ts';
import { progressOf } from '../terminal/progress.ts';

/** An image in a shard, and the file that it is a copy of. */
export type PlannedImage = {
  /** The file, relative to the folder that was listed. */
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
  const classes = [
    ...new Set(parts.flatMap(({ part, nameOf }) => part.classes.map(nameOf))),
  ].toSorted();
  expectListable(classes);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const shards: PlannedShard[] = [];
  for (const { part, role, nameOf } of parts) {
    const classOf = classOfName(part);
    const images = await imagesOf(listed.root, part, (name) => {
      const number = part.classes.length === 0 ? undefined : numbers.get(nameOf(classOf(name)));
      return number;
    });
    const order = permutation(fold(fold(key(seed), 'shard'), role), images.length);
    const mixed = Array.from(order, (i) => images[i] as PlannedImage);
    for (const shard of packed(mixed, limits, role)) shards.push(shard);
  }
  const hash = createHash('sha256');
  for (const { name, images } of shards) {
    hash.update(`${name}\0`);
    for (const image of images) hash.update(`${image.source}\0${image.name}\0${image.size}\0`);
  }
  return { shards, classes, leftOut: [...listed.leftOut, ...leftOut], digest: hash.digest('hex') };
}

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

async function imagesOf(
  root: string,
  { folder, names, inside }: Part,
  numberOf: (name: string) => number | undefined,
): Promise<PlannedImage[]> {
  const line = progressOf('looking at the files');
  const marks = await markFiles(join(root, folder), names, {
    reads: () => false,
    progress: line.count,
  });
  const sizes = new Map(marks.map(({ name, size }) => [name, size]));
  const taken = new Set<string>();
  return names.map((name) => {
    const size = sizes.get(name) ?? -1;
    const source = folder === '' ? name : `${folder}/${name}`;
    if (size < 0) throw usageError(`${printable(source)} cannot be read; move it away`);
    const own =
      inside !== '' && name.startsWith(`${inside}/`) ? name.slice(inside.length + 1) : name;
    const { stem, ending } = sampleName(own, taken);
    const number = numberOf(name);
    const label = number !== undefined && { label: { name: `${stem}.cls`, text: String(number) } };
    return { source, name: stem + ending, size, ...label };
  });
}

/**
 * A name whose own part has one dot, that before its ending: WebDataset takes what is before the first
 * for the sample. No two samples have the same.
 */
function sampleName(
  name: string,
  taken: Set<string>,
): { readonly stem: string; readonly ending: string } {
  const cut = name.lastIndexOf('/') + 1;
  const own = name.slice(cut);
  const ending = /(\.svg\.gz|\.[^.]*)$/i.exec(own)?.[0] ?? '';
  const plain = name.slice(0, cut) + own.slice(0, own.length - ending.length).replaceAll('.', '_');
  let stem = plain;
  for (let count = 2; taken.has(stem); count++) stem = `${plain}-${count}`;
  taken.add(stem);
  return { stem, ending };
}

function packed(
  images: readonly PlannedImage[],
  limits: ShardLimits,
  folder: string,
): PlannedShard[] {
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
    name: `${folder}${String(number).padStart(DIGITS, '0')}.tar`,
    bytes: bytes + TAR_END.length,
    images: own,
  }));
}
