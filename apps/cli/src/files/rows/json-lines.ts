import type { RowStream } from './rows.ts';

/**
 * Numbers as JSON, an object of an image a line: its name, and its numbers under what they are.
 *
 * @param stream the numbers
 * @returns the file, piece by piece
 */
export async function* jsonLinesOf({
  kind,
  names,
  shape,
  pieces,
}: RowStream): AsyncGenerator<string> {
  for await (const { first, count, rows } of pieces) {
    const size = rows.length / count;
    const lines = Array.from({ length: count }, (_, i) => {
      const row = rows.subarray(i * size, (i + 1) * size);
      return `${JSON.stringify({ name: names[first + i], [kind]: nested(row, shape) })}\n`;
    });
    yield lines.join('');
  }
}

function nested(row: Float32Array, [outer = 1, ...inner]: readonly number[]): unknown[] {
  if (inner.length === 0) return [...row];
  const size = row.length / outer;
  return Array.from({ length: outer }, (_, i) =>
    nested(row.subarray(i * size, (i + 1) * size), inner),
  );
}
