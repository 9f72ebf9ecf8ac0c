import { checkIndex, type Dataset } from './dataset.ts';

/** The folder of the first level that a picture lies in; empty for none. */
export const firstLevel = (path: string): string => path.slice(0, Math.max(0, path.indexOf('/')));

/** Length, names and, where every picture is of one of two or more classes, labels. */
export function withClasses(
  caller: string,
  names: readonly string[],
  classOf: (name: string) => string = firstLevel,
): Omit<Dataset, 'image'> {
  const name = (index: number): string => {
    checkIndex(caller, names.length, index);
    return names[index] ?? '';
  };
  const own = names.map(classOf);
  const classes = [...new Set(own)].sort();
  if (classes.length < 2 || classes.includes('')) return { length: names.length, name };
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const labels = Int32Array.from(own, (name) => numbers.get(name) ?? 0);
  return { length: names.length, name, classes, labels };
}
