import type { LeftOut } from '@twocan/data/node';
import { withoutAnnotations } from './annotations.ts';
import { doubtsAbout } from './doubts.ts';
import { matchClasses } from './match-classes.ts';
import { type PartName, partName } from './part-names.ts';

/** Images that belong together. */
export type Part = {
  /** The folder that they lie in, relative to the one that was read; empty for that itself. */
  readonly folder: string;
  /** Relative to `folder`, in its order. */
  readonly names: readonly string[];
  /** The folder in `folder` whose folders are the classes; usually empty, for `folder` itself. */
  readonly inside: string;
  /** The folders of classes, two or more; empty where the images have no classes. */
  readonly classes: readonly string[];
};

/** Images to evaluate with. */
export type Tested =
  /** All images of `part`, by those of the training part; its classes by the names they have there. */
  | {
      readonly by: 'training part';
      readonly part: Part;
      readonly classOf: ReadonlyMap<string, string>;
    }
  /** Some images of `part`, by its others. */
  | { readonly by: 'itself'; readonly part: Part };

/** What a folder is made of. */
export type Layout = {
  readonly train: Part;
  /** Absent where no part has classes. */
  readonly tested?: Tested;
  /** Folders and images that are no part of either, with the reason. */
  readonly leftOut: readonly LeftOut[];
  /** What was decided where a name does not decide it. */
  readonly remarks: readonly string[];
};

/**
 * Reads what a folder is made of from the names of its images.
 *
 * Parts are folders by the usual names ({@link partName}). Else folders are classes, where two or more
 * hold images. A single folder is entered. The test part is the first of test and validation that has
 * a class of the training part; it may lie beside the class folders.
 *
 * @param images of `listFolder`
 * @returns parts, classes, and what is left out
 */
export function readLayout(images: readonly string[]): Layout {
  const { kept, annotations } = withoutAnnotations(images);
  const { folder, parts, leftOut } = partsOf(kept, '');
  const train = parts.find(({ role }) => role === 'train') ?? parts[0];
  if (train === undefined) {
    const part = classesIn('', kept);
    const tested = part.classes.length > 0 ? ({ by: 'itself', part } as const) : undefined;
    return {
      train: part,
      leftOut: annotations,
      remarks: doubtsAbout(part),
      ...(tested && { tested }),
    };
  }
  const part = classesIn(train.folder, train.names);
  const heldOut = parts
    .filter((other) => other !== train)
    .sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role))
    .map((other) => ({ ...other, part: classesIn(other.folder, other.names) }));
  const choice = chooseTest(part, heldOut);
  return {
    train: part,
    ...(choice.tested && { tested: choice.tested }),
    leftOut: [...annotations, ...leftOut, ...choice.leftOut],
    remarks: [
      ...doubtsAbout(part),
      ...(train.role === 'train'
        ? []
        : [
            `no training part in ${folder === '' ? 'the folder' : folder}: ${train.folder}/ is taken for it`,
          ]),
      ...choice.remarks,
    ],
  };
}

const ORDER: readonly PartName['role'][] = ['test', 'validation', 'train'];

type NamedPart = {
  readonly role: PartName['role'];
  readonly folder: string;
  readonly names: readonly string[];
};

type Parts = {
  readonly folder: string;
  readonly parts: readonly NamedPart[];
  readonly leftOut: readonly LeftOut[];
};

type Level = {
  readonly folders: ReadonlyMap<string, readonly string[]>;
  /** Images in no folder. */
  readonly loose: readonly string[];
};

const under = (folder: string, name: string): string =>
  folder === '' || name === '' ? folder + name : `${folder}/${name}`;

/** The folders of a level and the images in them. */
function levelOf(names: readonly string[]): Level {
  const folders = new Map<string, string[]>();
  const loose: string[] = [];
  for (const name of names) {
    const cut = name.indexOf('/');
    if (cut < 0) {
      loose.push(name);
      continue;
    }
    const own = name.slice(0, cut);
    const inside = folders.get(own) ?? [];
    if (inside.length === 0) folders.set(own, inside);
    inside.push(name.slice(cut + 1));
  }
  return { folders, loose };
}

const whole = (folder: string, names: readonly string[], reason: string): LeftOut => ({
  name: `${folder}/`,
  reason,
  files: names.length,
});

/** The parts of a folder, or of the single folder in it; none where names do not say so. */
function partsOf(names: readonly string[], folder: string): Parts {
  const { folders, loose } = levelOf(names);
  const [only] = folders;
  if (only !== undefined && folders.size === 1 && partName(only[0])?.of !== '') {
    if (loose.length > 0) return { folder, parts: [], leftOut: [] };
    return partsOf(only[1], under(folder, only[0]));
  }
  const chosen = namedParts(folders);
  if (chosen === undefined) return { folder, parts: besideClasses(folder, names), leftOut: [] };
  const roles = new Map(chosen.map(([name, { role }]) => [name, role]));
  const others = [...folders].filter(([name]) => !roles.has(name));
  return {
    folder,
    parts: chosen.map(([name, { role }]) => ({
      role,
      folder: under(folder, name),
      names: folders.get(name) ?? [],
    })),
    leftOut: [
      ...others.map(([name, inside]) =>
        whole(under(folder, name), inside, 'neither the training nor the test part'),
      ),
      ...loose.map((name) => ({ name: under(folder, name), reason: 'an image beside the parts' })),
    ],
  };
}

/** Which folders of a level are parts, at most one of each role; undefined for none. */
function namedParts(
  folders: ReadonlyMap<string, readonly string[]>,
): (readonly [string, PartName])[] | undefined {
  const named = [...folders.keys()].flatMap((name) => {
    const part = partName(name);
    return part === undefined ? [] : [[name, part] as const];
  });
  const nested = (name: string): boolean =>
    (folders.get(name) ?? []).some((own) => own.includes('/'));
  // The shortest name is the plain one: train before train_images.
  const trains = named
    .filter(([, { role }]) => role === 'train')
    .sort(([a], [b]) => a.length - b.length);
  for (const [name, part] of trains) {
    const fellows = named.filter(([, { role, of }]) => role !== 'train' && of === part.of);
    if (fellows.length > 0) return [[name, part], ...fellows];
    // A class may be called train: as a part it has class folders, and the others have none.
    const others = [...folders.keys()].filter((other) => other !== name);
    if (part.of === '' && nested(name) && !others.some(nested)) return [[name, part]];
  }
  const [lone] = named;
  if (lone !== undefined && folders.size === 1) return [lone];
  const all = named.length === folders.size && new Set(named.map(([, { of }]) => of)).size === 1;
  return trains.length === 0 && named.length > 1 && all
    ? named.toSorted(([, a], [, b]) => ORDER.indexOf(b.role) - ORDER.indexOf(a.role))
    : undefined;
}

/** Held-out parts beside the class folders, which are the training part; none where there are none. */
function besideClasses(folder: string, names: readonly string[]): NamedPart[] {
  const { folders } = levelOf(names);
  const heldOut = [...folders].flatMap(([own, inside]) => {
    const part = partName(own);
    if (part?.of !== '' || part.role === 'train') return [];
    const { classes } = classesIn(own, inside);
    const others = [...folders.keys()].filter((other) => other !== own);
    const known = matchClasses(others, classes).classOf.size;
    return classes.length > 0 && known === classes.length
      ? [{ role: part.role, folder: under(folder, own), names: inside, own }]
      : [];
  });
  if (heldOut.length === 0) return [];
  const held = new Set(heldOut.map(({ own }) => own));
  const rest = names.filter((name) => !held.has(name.slice(0, Math.max(0, name.indexOf('/')))));
  return [{ role: 'train', folder, names: rest }, ...heldOut];
}

/** The classes of a part: folders of its first level, or of the single folder in it. */
function classesIn(folder: string, names: readonly string[]): Part {
  const { folders } = levelOf(names);
  const part = { folder, names, inside: '', classes: [] };
  const [only] = folders;
  if (only !== undefined && folders.size === 1) {
    const deeper = classesIn(only[0], only[1]);
    const inside = under(only[0], deeper.inside);
    return deeper.classes.length === 0 ? part : { ...part, inside, classes: deeper.classes };
  }
  return folders.size > 1 ? { ...part, classes: [...folders.keys()].sort() } : part;
}

type HeldOut = NamedPart & { readonly part: Part };
type Choice = Pick<Layout, 'tested' | 'leftOut' | 'remarks'>;

/** The first held-out part that can be tested; the others are left out. */
function chooseTest(train: Part, heldOut: readonly HeldOut[]): Choice {
  const leftOut: LeftOut[] = [];
  let chosen: (Pick<Choice, 'tested' | 'remarks'> & { readonly folder: string }) | undefined;
  for (const own of heldOut) {
    const { folder, part } = own;
    const reject = (reason: string): void => {
      leftOut.push(whole(folder, own.names, reason));
    };
    if (chosen !== undefined) {
      reject(`${chosen.folder}/ is the test part`);
    } else if (part.classes.length === 0) {
      reject('a part without class folders');
    } else if (train.classes.length === 0) {
      const all = new Map(part.classes.map((name) => [name, name]));
      const known = knownOnly(part, all);
      for (const one of known.leftOut) leftOut.push(one);
      chosen = { folder, tested: { by: 'itself', part: known.part }, remarks: [] };
    } else {
      const { classOf, remarks } = matchClasses(train.classes, part.classes);
      if (classOf.size === 0) reject('a part without a class of the training part');
      else {
        const known = knownOnly(part, classOf);
        for (const one of known.leftOut) leftOut.push(one);
        chosen = { folder, tested: { by: 'training part', part: known.part, classOf }, remarks };
      }
    }
  }
  const fallBack =
    train.classes.length === 0 ? undefined : ({ by: 'itself', part: train } as const);
  const tested = chosen?.tested ?? fallBack;
  return { ...(tested && { tested }), leftOut, remarks: chosen?.remarks ?? [] };
}

/** The images of a part that are of known classes. */
export function knownOnly(
  part: Part,
  classOf: ReadonlyMap<string, string>,
): { readonly part: Part; readonly leftOut: readonly LeftOut[] } {
  const counts = new Map<string, number>();
  const nameOf = classOfName(part);
  const names = part.names.filter((name) => {
    const own = nameOf(name);
    if (classOf.has(own)) return true;
    counts.set(own, (counts.get(own) ?? 0) + 1);
    return false;
  });
  const leftOut = [...counts].map(([own, files]) =>
    own === ''
      ? { name: `${part.folder}/`, reason: 'images without a class in the test part', files }
      : {
          name: `${under(under(part.folder, part.inside), own)}/`,
          reason: 'a class that the training part lacks',
          files,
        },
  );
  return {
    part: { ...part, names, classes: part.classes.filter((own) => classOf.has(own)) },
    leftOut,
  };
}

/** The class folder that an image of a part lies in; empty for none. */
export function classOfName({ inside }: Pick<Part, 'inside'>): (name: string) => string {
  const begin = inside === '' ? '' : `${inside}/`;
  return (name) => {
    if (!name.startsWith(begin)) return '';
    const end = name.indexOf('/', begin.length);
    return end < 0 ? '' : name.slice(begin.length, end);
  };
}
