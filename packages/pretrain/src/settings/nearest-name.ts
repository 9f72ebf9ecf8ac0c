/**
 * The nearest of some names, as a question to append to an error: the one that a word begins or is a part
 * of, or else the one with the fewest letters that differ.
 *
 * @param word what was typed
 * @param names what is known
 * @param prefix the text before the name
 * @returns `; did you mean --steps?`, or nothing when no name is near
 * @example
 * didYouMean('stpes', ['steps', 'seed']); // '; did you mean --steps?'
 */
export function didYouMean(word: string, names: readonly string[], prefix = '--'): string {
  const small = word.toLowerCase();
  const begun = names.filter((name) => word !== '' && name.startsWith(small));
  const within = names.filter((name) => name.split('-').includes(small));
  const [only] = begun.length === 1 ? begun : within.length === 1 ? within : [];
  if (only !== undefined) return `; did you mean ${prefix}${only}?`;
  if (word.length < 2) return ''; // one letter is near to every short name
  const [nearest] = names
    .map((name) => ({ name, far: editDistance(small, name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  if (nearest === undefined || nearest.far > Math.max(2, nearest.name.length / 3)) return '';
  return `; did you mean ${prefix}${nearest.name}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into another. */
function editDistance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        replaced,
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        swapped && i > 1 && j > 1 ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
