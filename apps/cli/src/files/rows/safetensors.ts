import { safetensorsHead } from '@twocan/checkpoint';
import { bytesOf, type RowStream } from './rows.ts';

/**
 * Numbers as a safetensors file, one tensor `[images, …]` that is called what they are.
 *
 * @param stream the numbers
 * @returns the file, piece by piece
 */
export async function* safetensorsOf(stream: RowStream): AsyncGenerator<Uint8Array> {
  const { kind, names, shape, pieces } = stream;
  yield safetensorsHead({ [kind]: { dtype: 'F32', shape: [names.length, ...shape] } });
  for await (const { rows } of pieces) yield bytesOf(rows);
}
