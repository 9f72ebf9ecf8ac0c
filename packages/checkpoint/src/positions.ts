import type { NamedArray, NamedArrays } from './dtype.ts';
import { float32 } from './layout.ts';

/** Our names of learned positions: the encoder's of patches alone, the decoder's with a row for the class token. */
export const LEARNED = { encoder: 'encoder/positions', decoder: 'decoder/positions' } as const;

/**
 * The table that an export writes: the learned one, or else the fixed positions it was given.
 *
 * @param params ours
 * @param ours the name of learned positions
 * @param fixed N·D numbers of patches
 * @param width D
 * @returns `[1, 1 + N, D]`; nothing where there is neither
 */
export function exportedTable(
  caller: string,
  params: NamedArrays,
  ours: string,
  fixed: Float32Array | undefined,
  width: number,
): NamedArray | undefined {
  const learned = params[ours];
  if (learned === undefined) return fixed && positionTable(caller, fixed, width);
  const array = float32(caller, ours, learned);
  return ours === LEARNED.encoder ? positionTable(caller, array.data, width) : array;
}

/**
 * A table of positions as PyTorch keeps it: `[1, 1 + N, D]`, the class token's row zero.
 *
 * @param positions N·D numbers, row by row, as `sincosPositions` gives them
 * @param width D
 */
function positionTable(caller: string, positions: Float32Array, width: number): NamedArray {
  if (positions.length === 0 || positions.length % width !== 0) {
    throw new RangeError(
      `${caller}: positions must hold rows of ${width} numbers, got ${positions.length} numbers`,
    );
  }
  const data = new Float32Array(width + positions.length);
  data.set(positions, width);
  return { dtype: 'F32', shape: [1, data.length / width, width], data };
}

/** Positions `[N·D]` of a table, and our arrays with its first row added to the class token. */
export function splitPositions(
  caller: string,
  named: NamedArrays,
  table: string,
  params: NamedArrays,
  cls: string,
): { readonly params: NamedArrays; readonly positions?: Float32Array } {
  const found = named[table];
  const classToken = params[cls];
  if (found === undefined || classToken === undefined) return { params };
  const token = float32(caller, cls, classToken);
  const { data } = float32(caller, table, found);
  const width = token.data.length;
  const shifted = { ...token, data: token.data.map((x, i) => x + (data[i] ?? 0)) };
  return { params: { ...params, [cls]: shifted }, positions: data.slice(width) };
}

/** The decoder's positions `[(1 + N)·E]` of a table, where there is one. */
export const decoderTable = (
  caller: string,
  name: string,
  table: NamedArray | undefined,
): { readonly decoderPositions?: Float32Array } =>
  table === undefined ? {} : { decoderPositions: float32(caller, name, table).data.slice() };
