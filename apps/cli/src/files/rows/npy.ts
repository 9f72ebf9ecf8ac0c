import { npyHead } from '@twocan/checkpoint';
import { bytesOf, type RowStream } from './rows.ts';

/**
 * Numbers as a NumPy file, `[images, …]` in float32.
 *
 * @param stream the numbers
 * @returns the file, piece by piece
 */
export async function* npyOf({ names, shape, pieces }: RowStream): AsyncGenerator<Uint8Array> {
  yield npyHead([names.length, ...shape]);
  for await (const { rows } of pieces) yield bytesOf(rows);
}
