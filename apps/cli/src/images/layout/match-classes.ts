/** Classes of a test part by the names that they have in the training part. */
export type ClassMatch = {
  readonly classOf: ReadonlyMap<string, string>;
  /** Pairs that are spelt differently. */
  readonly remarks: readonly string[];
};

/**
 * Finds the classes of a test part among those of a training part.
 *
 * Names that differ by case, by spaces around them, or by how accents are stored, are one class where there is only one such.
 *
 * @param train names of the training part
 * @param test names of the test part
 * @returns the known ones; a class that is missing there is unknown
 */
export function matchClasses(train: readonly string[], test: readonly string[]): ClassMatch {
  const exact = new Set(train);
  const alike = alikeNames(train);
  const taken = alikeNames(test);
  const classOf = new Map<string, string>();
  const remarks: string[] = [];
  for (const name of test) {
    const [other, ...more] = alike.get(plain(name)) ?? [];
    if (exact.has(name)) classOf.set(name, name);
    else if (other !== undefined && more.length === 0 && taken.get(plain(name))?.length === 1) {
      classOf.set(name, other);
      remarks.push(`the class ${name} of the test part is ${other} of the training part`);
    }
  }
  return { classOf, remarks };
}

const plain = (name: string): string => name.normalize('NFC').toLowerCase().trim();

/** Names by what they share when case, spaces around them and the form of accents do not count. */
export function alikeNames(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const own = groups.get(plain(name)) ?? [];
    groups.set(plain(name), own);
    own.push(name);
  }
  return groups;
}
