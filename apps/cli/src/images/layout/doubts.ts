import { printable } from '@twocan/data/node';
import { alikeNames } from './match-classes.ts';

/** What is looked at of a part. */
type Classes = {
  readonly names: readonly string[];
  readonly inside: string;
  readonly classes: readonly string[];
};

/**
 * What a user may have meant otherwise by the classes of a part.
 *
 * @param part whose class folders are known
 * @returns remarks; none for the usual folder
 */
export function doubtsAbout(part: Classes): string[] {
  return [...alikeClasses(part), ...sameFolders(part)];
}

function alikeClasses({ classes }: Classes): string[] {
  return [...alikeNames(classes).values()]
    .filter((names) => names.length > 1)
    .map(
      (names) =>
        `${names.map((name) => JSON.stringify(name)).join(' and ')} differ only by case, spaces or the form of accents: they are ${names.length} classes`,
    );
}

/** Classes that all hold the same folders and nothing beside: these may be classes or parts. */
function sameFolders({ names, inside, classes }: Classes): string[] {
  if (classes.length === 0) return [];
  const begin = inside === '' ? 0 : inside.length + 1;
  const found = new Map<string, Set<string>>(classes.map((name) => [name, new Set()]));
  for (const name of names) {
    const [own = '', next, rest] = name.slice(begin).split('/', 3);
    const folders = found.get(own);
    if (folders === undefined || next === undefined) continue; // an image beside the class folders
    if (rest === undefined) return [];
    folders.add(next);
  }
  const [first = [], ...others] = [...found.values()].map((folders) => [...folders].sort());
  const same = others.every((folders) => folders.join('/') === first.join('/'));
  if (first.length < 2 || !same) return [];
  const [a, b, more] = first.map(printable);
  const list = `${a}, ${b}${more === undefined ? '' : ', …'}`;
  return [
    `every class folder holds the same folders (${list}): these are taken neither for classes nor for parts`,
  ];
}
