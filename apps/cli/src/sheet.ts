import { CELL, drawText } from './font.ts';

/** One picture: `[height, width, 3]` in 0..1 (values outside are clipped). */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
};
/** A row of pictures under a label. */
export type SheetRow = { readonly label: string; readonly pictures: readonly Picture[] };
/** 8-bit RGB pixels, row by row. */
export type Pixels = { readonly width: number; readonly height: number; readonly data: Uint8Array };

const MARGIN = 4;

/**
 * Lays rows of pictures out on a white sheet, each row under its label.
 *
 * @param rows the rows; all pictures have the same size
 * @param scale every pixel becomes a square of this many (no smoothing: what you see is the data)
 * @returns 8-bit RGB pixels
 */
export function drawSheet(rows: readonly SheetRow[], scale: number): Pixels {
  const first = rows[0]?.pictures[0];
  const columns = Math.max(0, ...rows.map((row) => row.pictures.length));
  const cellWidth = (first?.width ?? 0) * scale + MARGIN;
  const cellHeight = (first?.height ?? 0) * scale + MARGIN;
  const longest = Math.max(0, ...rows.map((row) => row.label.length * CELL.width));
  const width = MARGIN + Math.max(columns * cellWidth, longest + MARGIN);
  const height = MARGIN + rows.length * (CELL.height + cellHeight);
  const sheet: Pixels = { width, height, data: new Uint8Array(width * height * 3).fill(255) };
  rows.forEach((row, r) => {
    const top = MARGIN + r * (CELL.height + cellHeight);
    drawText(row.label, (x, y) => {
      const at = ((top + y) * width + MARGIN + x) * 3;
      sheet.data.fill(0, at, at + 3);
    });
    row.pictures.forEach((picture, c) => {
      stamp(sheet, picture, { left: MARGIN + c * cellWidth, top: top + CELL.height, scale });
    });
  });
  return sheet;
}

type Place = { readonly left: number; readonly top: number; readonly scale: number };

function stamp(sheet: Pixels, picture: Picture, { left, top, scale }: Place): void {
  for (let y = 0; y < picture.height * scale; y++) {
    for (let x = 0; x < picture.width * scale; x++) {
      const from = (Math.floor(y / scale) * picture.width + Math.floor(x / scale)) * 3;
      const to = ((top + y) * sheet.width + left + x) * 3;
      for (let c = 0; c < 3; c++) {
        const value = Math.min(1, Math.max(0, picture.data[from + c] ?? 0));
        sheet.data[to + c] = Math.round(value * 255);
      }
    }
  }
}
