/** Paths that one pattern may stand for: more is a slip. */
const MOST = 1_000_000;

/**
 * Paths that a pattern with braces stands for, as in a shell: `{000..099}` is each number, with as many
 * digits, and `{a,b}` is each word.
 *
 * @param pattern a path; text in braces that is neither stays as it is
 * @returns the paths, the last braces changing first
 * @throws RangeError for more than a million
 * @example
 * expandBraces('shards/{00..02}.tar'); // ['shards/00.tar', 'shards/01.tar', 'shards/02.tar']
 */
export function expandBraces(pattern: string): string[] {
  let paths = [''];
  for (const piece of pattern.split(/(\{[^{}]*\})/)) {
    const choices = choicesOf(piece);
    const count = paths.length * choices.length;
    if (count > MOST) {
      throw new RangeError(
        `expandBraces: pattern must stand for at most ${MOST} paths, got ${count}: ${pattern}`,
      );
    }
    paths = paths.flatMap((path) => choices.map((choice) => path + choice));
  }
  return paths;
}

function choicesOf(piece: string): string[] {
  const range = /^\{(\d{1,9})\.\.(\d{1,9})\}$/.exec(piece);
  if (range !== null) {
    const [, from = '', to = ''] = range;
    const [first, last] = [Number(from), Number(to)];
    const count = Math.min(MOST + 1, Math.abs(last - first) + 1);
    // As a shell does: zeros in front mean that all have as many digits.
    const padded = /^0\d/.test(from) || /^0\d/.test(to);
    const digits = padded ? Math.max(from.length, to.length) : 0;
    return Array.from({ length: count }, (_, i) =>
      String(first + (last < first ? -i : i)).padStart(digits, '0'),
    );
  }
  return /^\{.*,.*\}$/s.test(piece) ? piece.slice(1, -1).split(',') : [piece];
}
