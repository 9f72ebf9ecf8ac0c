import type { LeftOut } from '../list-images.ts';
import { isParquet } from './parquet-file.ts';
import type { ShardImages } from './shard-images.ts';
import { classFolders } from './shard-labels.ts';

/** A shard by its name in the folder, and what it holds. */
export type NamedShard = { readonly name: string; readonly images: ShardImages };

/** An image by its name among all, and where it is. */
export type NamedImage = {
  readonly name: string;
  /** Which shard. */
  readonly shard: number;
  /** Which image of the shard. */
  readonly member: number;
};

/**
 * Names the images of several shards as if these were unpacked into one folder. Rows of Parquet files have no
 * name but their number: where several files lie in one folder, the file's name stands before it, so that
 * rows keep their order and names, whatever the other files hold.
 *
 * @param shards what each holds
 * @param classNames names of classes by their number
 * @returns the images in the order that a listing of that folder has
 */
export function nameImages(
  shards: readonly NamedShard[],
  classNames: readonly string[],
): { readonly images: readonly NamedImage[]; readonly leftOut: readonly LeftOut[] } {
  const folderOf = classFolders(classNames);
  const places = shards.map(({ name }) => name).map(foldersAbove);
  const ownNames = namesOf(shards, places);
  const tables = countOf(places.filter((_, i) => isParquet(shards[i]?.name ?? '')));
  const images: NamedImage[] = [];
  shards.forEach(({ name: shard, images: { names, labels } }, index) => {
    const above = places[index] ?? '';
    const before = isParquet(shard) && (tables.get(above) ?? 0) > 1 ? `${ownNames[index]}:` : '';
    names.forEach((own, member) => {
      const folder = folderOf(labels[member] ?? null);
      const inside = folder === '' || own.startsWith(`${folder}/`) ? '' : `${folder}/`;
      images.push({ name: above + inside + before + own, shard: index, member });
    });
  });
  images.sort((a, b) => compareNames(a.name, b.name));
  return apart(images, ownNames);
}

/** What each shard is called: its name without ending, or with it where another one in the folder has the same. */
function namesOf(shards: readonly NamedShard[], places: readonly string[]): string[] {
  const own = shards.map(({ name }) => name.slice(name.lastIndexOf('/') + 1));
  const plain = own.map((name) => name.replace(/\.[^.]*$/, ''));
  const among = plain.map((name, i) => `${places[i]}${name}`);
  const count = countOf(among);
  return own.map((name, i) => (count.get(among[i] ?? '') === 1 ? (plain[i] ?? '') : name));
}

/** How often each word occurs. */
function countOf(words: readonly string[]): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const word of words) count.set(word, (count.get(word) ?? 0) + 1);
  return count;
}

/** Shards are often numbered within a part: `train-00000-of-00010.tar`. */
const NUMBERED = /^(.*?)([-_.]?\d+([-_.]of[-_.]\d+)?)?$/;

/** The folders that a shard stands for: its own, and the part that its name begins with. */
function foldersAbove(shard: string): string {
  const cut = shard.lastIndexOf('/') + 1;
  const [, part = ''] = NUMBERED.exec(stemOf(shard)) ?? [];
  return PARTS.test(part) ? `${shard.slice(0, cut)}${part}/` : shard.slice(0, cut);
}

const PARTS = /^(train|training|val|valid|validation|dev|test|testing|eval|evaluation)$/i;

const stemOf = (shard: string): string => {
  const own = shard.slice(shard.lastIndexOf('/') + 1);
  const dot = own.indexOf('.', 1);
  return dot < 0 ? own : own.slice(0, dot);
};

/**
 * In the order in which a folder is listed: by code units, a folder with all that is in it where its own
 * name stands.
 */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return (x === SLASH ? -1 : x) - (y === SLASH ? -1 : y);
  }
  return a.length - b.length;
}

const SLASH = 0x2f;

/** Names that several shards have get the shard's before them. */
function apart(
  images: NamedImage[],
  shards: readonly string[],
): { readonly images: readonly NamedImage[]; readonly leftOut: readonly LeftOut[] } {
  const twice = (i: number): boolean =>
    images[i]?.name === images[i - 1]?.name || images[i]?.name === images[i + 1]?.name;
  if (!images.some((_, i) => twice(i))) return { images, leftOut: [] };
  const renamed = images.map((image, i) => {
    if (!twice(i)) return image;
    const cut = image.name.lastIndexOf('/') + 1;
    const shard = shards[image.shard];
    return { ...image, name: `${image.name.slice(0, cut)}${shard}:${image.name.slice(cut)}` };
  });
  renamed.sort((a, b) => compareNames(a.name, b.name));
  const isFirst = ({ name }: NamedImage, i: number): boolean => name !== renamed[i - 1]?.name;
  const leftOut = renamed
    .filter((image, i) => !isFirst(image, i))
    .map(({ name }) => ({ name, reason: 'an image of the same name as another' }));
  return { images: renamed.filter(isFirst), leftOut };
}
