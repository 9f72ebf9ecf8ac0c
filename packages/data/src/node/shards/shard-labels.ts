/** A class as a shard has it: its number, or its name; null for none. */
export type ShardLabel = number | string | null;

/** Fields of a sample's `.json` that give its class, the first that is there. */
const FIELDS = ['cls', 'label', 'class', 'class_name'];
/** Letters that the name of a class may have. */
const LONGEST = 200;

/**
 * Reads the contents of a `.cls` file.
 *
 * @param text a number from 0, or a name on one line
 * @returns the class; null where it is neither
 */
export function labelOfText(text: string): ShardLabel {
  const word = text.trim();
  if (/^\d+$/.test(word)) return numbered(Number(word));
  return word === '' || word.length > LONGEST || /[\r\n\0]/.test(word) ? null : word;
}

/**
 * Finds the class in the `.json` of a sample.
 *
 * @param text an object with a field `cls`, `label`, `class` or `class_name`
 * @returns the class; null where there is none
 */
export function labelOfJson(text: string): ShardLabel {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return null;
    for (const field of FIELDS) {
      const value = (found as Readonly<Record<string, unknown>>)[field];
      if (typeof value === 'number') return numbered(value);
      if (typeof value === 'string') return labelOfText(value);
    }
    return null;
  } catch {
    return null;
  }
}

/** The class of a number; null where it is none, as -1 is. */
export const numbered = (value: number): number | null =>
  Number.isSafeInteger(value) && value >= 0 ? value : null;

/**
 * The folders that classes get in the names of images: those names where they are known, else numbers.
 *
 * @param names of the classes by their number; a name that occurs twice gets its number behind it
 * @returns the folder of a class; empty for none
 */
export function classFolders(names: readonly string[]): (label: ShardLabel) => string {
  const count = new Map<string, number>();
  for (const name of names) count.set(asFolder(name), (count.get(asFolder(name)) ?? 0) + 1);
  const folders = names.map((name, number) => {
    const folder = asFolder(name);
    return count.get(folder) === 1 && folder !== '' ? folder : `${folder} (${number})`.trim();
  });
  return (label) => {
    if (label === null) return '';
    return typeof label === 'string' ? asFolder(label) : (folders[label] ?? String(label));
  };
}

/** A name without what separates folders. */
const asFolder = (name: string): string => {
  const folder = name.replaceAll('/', '\u2215');
  return folder === '.' || folder === '..' ? `(${folder})` : folder;
};
