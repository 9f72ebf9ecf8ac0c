import type { LeftOut } from '@twocan/data/node';
import { isAnnotationName, isImagesName, partName } from './part-names.ts';

/**
 * Leaves out folders that describe images, at any depth: those with such a name, beside a folder of
 * images or a part.
 *
 * @param images of `listFolder`
 * @returns the others in their order, and the folders with how many files each has
 */
export function withoutAnnotations(images: readonly string[]): {
  readonly kept: readonly string[];
  readonly annotations: readonly LeftOut[];
} {
  const folders = new Set(images.map(folderOf));
  const holdsImages = new Set<string>();
  for (const path of folders) {
    for (const { parent, own } of levelsOf(path)) {
      if (isImagesName(own) || partName(own)?.of === '') holdsImages.add(parent);
    }
  }
  const rootOf = new Map<string, string>();
  for (const path of folders) {
    const root = levelsOf(path).find(
      ({ parent, own }) => isAnnotationName(own) && holdsImages.has(parent),
    );
    if (root !== undefined) rootOf.set(path, `${root.parent}${root.own}/`);
  }
  if (rootOf.size === 0) return { kept: images, annotations: [] };
  const counts = new Map<string, number>();
  const kept = images.filter((name) => {
    const root = rootOf.get(folderOf(name));
    if (root !== undefined) counts.set(root, (counts.get(root) ?? 0) + 1);
    return root === undefined;
  });
  const reason = 'annotations beside images';
  return { kept, annotations: [...counts].map(([name, files]) => ({ name, reason, files })) };
}

/** With its last slash; empty for an image in no folder. */
const folderOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1);

/** The folders along a path, each with the path of the one that it lies in. */
function levelsOf(path: string): { readonly parent: string; readonly own: string }[] {
  const names = path.split('/').slice(0, -1);
  let parent = '';
  return names.map((own) => {
    const level = { parent, own };
    parent += `${own}/`;
    return level;
  });
}
