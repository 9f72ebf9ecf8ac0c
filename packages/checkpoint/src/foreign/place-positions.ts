import { areSincosPositions, type Grid, resamplePositions } from '@twocan/patches';
import type { NamedArray } from '../dtype.ts';
import type { FolderModel } from '../model.ts';
import { LEARNED } from '../positions.ts';
import { fail } from './fail.ts';
import type { ImportedWeights, Read } from './weights.ts';

/** A table of positions, and where it came from. */
type Placed = {
  /** Rows of the patches; nothing where they are the fixed ones. */
  readonly positions?: Float32Array;
  readonly note?: string;
};

const gridOf = ({ height, width }: FolderModel['image'], patch: number): Grid => ({
  rows: height / patch,
  columns: width / patch,
});

/**
 * The grids of patches of a model, and of the images that it is wanted for.
 *
 * @param model as it was trained
 * @param image the size that is wanted; its own where it is left out
 * @returns both grids
 * @throws RangeError for a size that the patch does not divide
 */
function gridsOf(
  { image: own, patch }: FolderModel,
  image: FolderModel['image'] = own,
): { readonly from: Grid; readonly to: Grid } {
  if (image.height % patch !== 0 || image.width % patch !== 0) {
    fail(
      `the image size must be a multiple of the patch, ${patch}, got ${image.width} x ${image.height}`,
    );
  }
  return { from: gridOf(own, patch), to: gridOf(image, patch) };
}

/**
 * Positions of the patches for the images that are wanted.
 *
 * @param table as it was trained, N·D numbers
 * @param grids of the table, and of those images
 * @param of what they are of, for the remark
 * @returns a table, unless it is the fixed one
 */
function placedFor(
  table: Float32Array,
  { from, to }: { readonly from: Grid; readonly to: Grid },
  of: string,
): Placed {
  const same = from.rows === to.rows && from.columns === to.columns;
  if (same) return areSincosPositions(table, from) ? {} : { positions: table };
  return {
    positions: resamplePositions(table, { from, to }),
    note: `positions of the ${of} are resampled from ${from.rows} x ${from.columns} to ${to.rows} x ${to.columns} patches`,
  };
}

/** Positions as a parameter, `[1, rows, width]`. */
const asParameter = (data: Float32Array, width: number): NamedArray => ({
  dtype: 'F32',
  shape: [1, data.length / width, width],
  data,
});

/** Puts the tables where they differ from the fixed positions, for the images that are wanted. */
export function withPositions(
  { tables, ...read }: Read,
  image: FolderModel['image'] | undefined,
): Omit<ImportedWeights, 'images'> {
  const { encoder, decoder } = read;
  const grids = gridsOf(encoder, image);
  const own = tables.encoder && placedFor(tables.encoder, grids, 'encoder');
  const row = decoder && tables.decoder?.subarray(0, decoder.width);
  const other =
    decoder &&
    tables.decoder &&
    placedFor(tables.decoder.subarray(decoder.width), grids, 'decoder');
  const isPlain = other?.positions === undefined && row?.every((x) => x === 0);
  const whole =
    other && row && !isPlain
      ? withRow(row, other.positions ?? tables.decoder?.slice(row.length))
      : undefined;
  return {
    ...read,
    encoder: { ...encoder, ...(image && { image }) },
    params: {
      ...read.params,
      ...(own?.positions && { [LEARNED.encoder]: asParameter(own.positions, encoder.width) }),
      ...(whole && decoder && { [LEARNED.decoder]: asParameter(whole, decoder.width) }),
    },
    notes: [...read.notes, ...[own, other].flatMap((placed) => placed?.note ?? [])],
  };
}

function withRow(row: Float32Array, rest: Float32Array = new Float32Array(0)): Float32Array {
  const table = new Float32Array(row.length + rest.length);
  table.set(row);
  table.set(rest, row.length);
  return table;
}
