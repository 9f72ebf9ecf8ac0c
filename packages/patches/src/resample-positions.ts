import { expectInteger, expectOptions, expectType } from '@twocan/core';
import { sincosPositions } from './positions.ts';
import { resamplingTaps } from './resampling.ts';

/** A grid of patches. */
export type Grid = { readonly rows: number; readonly columns: number };

/**
 * Positions of one grid of patches, resampled for another: bicubic and antialiased.
 *
 * @param table N·D values, patch by patch
 * @param options.from the grid of the table
 * @param options.to the grid that is wanted
 * @returns values for the other grid; a copy where the grids are alike
 * @throws RangeError if the table does not divide into the rows of its grid
 * @example
 * resamplePositions(table, { from: { rows: 14, columns: 14 }, to: { rows: 24, columns: 24 } });
 *
 * As timm's `resample_abs_pos_embed`.
 */
export function resamplePositions(
  table: Float32Array,
  options: { readonly from: Grid; readonly to: Grid },
): Float32Array {
  expectType('resamplePositions', 'table', table, Float32Array);
  expectOptions('resamplePositions', 'options', options, ['from', 'to'], []);
  const { from, to } = options;
  expectGrid('from', from);
  expectGrid('to', to);
  const width = widthOf('resamplePositions', table, from);
  if (from.rows === to.rows && from.columns === to.columns) return table.slice();
  const narrow = alongRows(table, from, to.columns, width);
  return alongColumns(narrow, from.rows, to.rows, to.columns * width);
}

/**
 * Whether a table of positions is the fixed one of its grid, up to the rounding of other programs.
 *
 * @param table N·D values, patch by patch
 * @param grid its rows and columns
 * @returns true where no value is more than 1e-5 off
 * @throws RangeError if the table does not divide into the rows of its grid
 * @example
 * areSincosPositions(sincosPositions({ rows: 2, columns: 2, width: 8 }), { rows: 2, columns: 2 }); // true
 */
export function areSincosPositions(table: Float32Array, grid: Grid): boolean {
  expectType('areSincosPositions', 'table', table, Float32Array);
  expectGrid('grid', grid, 'areSincosPositions');
  const width = widthOf('areSincosPositions', table, grid);
  if (width % 4 !== 0) return false;
  const fixed = sincosPositions({ ...grid, width });
  return table.every((value, i) => Math.abs(value - (fixed[i] as number)) <= ROUNDING);
}

const ROUNDING = 1e-5;

function expectGrid(argument: string, grid: Grid, caller = 'resamplePositions'): void {
  expectOptions(caller, argument, grid, ['rows', 'columns']);
  expectInteger(caller, `${argument}.rows`, grid.rows);
  expectInteger(caller, `${argument}.columns`, grid.columns);
}

function widthOf(caller: string, table: Float32Array, { rows, columns }: Grid): number {
  const width = table.length / (rows * columns);
  if (width >= 1 && Number.isInteger(width)) return width;
  throw new RangeError(
    `${caller}: table must hold a row of numbers for each of ${rows} x ${columns} patches, got ${table.length} numbers`,
  );
}

function alongRows(table: Float32Array, from: Grid, columns: number, width: number): Float32Array {
  const row = from.columns * width;
  const out = new Float32Array(from.rows * columns * width);
  for (let y = 0; y < from.rows; y++) {
    const line = table.subarray(y * row, (y + 1) * row);
    out.set(alongColumns(line, from.columns, columns, width), y * columns * width);
  }
  return out;
}

/** Resamples the first axis of `[from, size]`. */
function alongColumns(table: Float32Array, from: number, to: number, size: number): Float32Array {
  const { starts, counts, weights, stride } = resamplingTaps(from, to, 'bicubic');
  const out = new Float32Array(to * size);
  for (let i = 0; i < to; i++) {
    for (let tap = 0; tap < (counts[i] as number); tap++) {
      const weight = weights[i * stride + tap] as number;
      const source = ((starts[i] as number) + tap) * size;
      for (let k = 0; k < size; k++) {
        out[i * size + k] = (out[i * size + k] as number) + weight * (table[source + k] as number);
      }
    }
  }
  return out;
}
