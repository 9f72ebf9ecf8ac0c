import { expectInteger, expectNumber, expectOptions } from '@twocan/core';

/**
 * Fixed 2-D sin-cos positions, one row per patch; the class token's row of zeros is not included.
 *
 * With ω_k = 10000^(-k/(D/4)), k = 0 … D/4-1, the row of the patch in row y and column x is
 * [sin xω, cos xω, sin yω, cos yω]: the first half encodes the column.
 *
 * @param options rows and columns of the grid, and the width D, a multiple of 4
 * @returns N·D values, patch by patch
 * @throws RangeError if D is not a positive multiple of 4
 * @example
 * sincosPositions({ rows: 2, columns: 2, width: 8 });
 *
 * He et al., arXiv 2111.06377 (`get_2d_sincos_pos_embed`); big_vision's table differs.
 */
export function sincosPositions(options: {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
}): Float32Array {
  expectOptions('sincosPositions', 'options', options, ['rows', 'columns', 'width'], []);
  const { rows, columns, width } = options;
  expectInteger('sincosPositions', 'rows', rows);
  expectInteger('sincosPositions', 'columns', columns);
  const fits = (x: number): boolean => x >= 4 && x % 4 === 0;
  expectNumber('sincosPositions', 'width', width, 'be a positive multiple of 4', fits);
  expectInteger('sincosPositions', 'rows times columns times width', rows * columns * width);
  const quarter = width / 4;
  // A position's sines and cosines are those of every patch in its row or column.
  const codes = Array.from({ length: Math.max(rows, columns) }, (_, position) => {
    const code = new Float32Array(2 * quarter);
    for (let k = 0; k < quarter; k++) {
      const angle = position / 10000 ** (k / quarter);
      code[k] = Math.sin(angle);
      code[quarter + k] = Math.cos(angle);
    }
    return code;
  });
  const table = new Float32Array(rows * columns * width);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const row = (y * columns + x) * width;
      table.set(codes[x] as Float32Array, row);
      table.set(codes[y] as Float32Array, row + 2 * quarter);
    }
  }
  return table;
}
