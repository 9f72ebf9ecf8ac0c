/** What a part of a data set is for. */
export type Role = 'train' | 'validation' | 'test';

/** A folder's name that gives the role of its images: `seg_test` is the test part of `seg`. */
export type PartName = { readonly role: Role; readonly of: string };

const ROLES: ReadonlyMap<string, Role> = new Map([
  ...(['train', 'training', 'trn', 'trainval'] as const).map((word) => [word, 'train'] as const),
  ...(['val', 'valid', 'validation', 'validate', 'dev', 'devel', 'development'] as const).map(
    (word) => [word, 'validation'] as const,
  ),
  ...(['test', 'testing', 'tst', 'eval', 'evaluation', 'holdout', 'heldout'] as const).map(
    (word) => [word, 'test'] as const,
  ),
]);

const IMAGES = [
  'images',
  'image',
  'imgs',
  'img',
  'pictures',
  'photos',
  'jpegimages',
  'jpeg',
  'jpg',
  'png',
];
/** Words next to a role that have no meaning. */
const FILLERS = [...IMAGES, 'set', 'data', 'dataset', 'split', 'part', 'samples', 'folder'];
const FUSED = new RegExp(`^(${[...ROLES.keys()].join('|')})(${FILLERS.join('|')})$`);

const ANNOTATIONS =
  /^(annotations?|labels?|masks?|trimaps?|segmentations?(class|object)?|ground[_ -]?truths?|gt|bbox(es)?|keypoints)$/i;

/**
 * Reads a folder's name as that of a part: `Train`, `val2017`, `test_set`, `trainImages`, `seg_test`.
 *
 * @param name the folder's own name
 * @returns role and what is left of the name; undefined for a name that holds no role, or several
 */
export function partName(name: string): PartName | undefined {
  const words = name
    .replace(/h[oe]ld[\W_]*out/gi, 'holdout')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .map((word) => FUSED.exec(word)?.[1] ?? word);
  const roles = words.flatMap((word) => ROLES.get(word) ?? []);
  const [role] = roles;
  if (role === undefined || roles.length > 1) return undefined;
  const rest = words.filter((word) => word !== '' && !ROLES.has(word) && !FILLERS.includes(word));
  return { role, of: rest.join(' ') };
}

/** Whether a folder's name says that images lie in it, and nothing more. */
export const isImagesName = (name: string): boolean => IMAGES.includes(name.toLowerCase());

/** Whether a folder's name says that it describes images: masks may be images themselves. */
export const isAnnotationName = (name: string): boolean => ANNOTATIONS.test(name);
