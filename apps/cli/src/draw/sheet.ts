import { wrap } from '../terminal/wrap.ts';
import { CELL, drawText } from './font.ts';

/** 8-bit RGB pixels, row by row: a picture, or a whole sheet of them. */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
};
/** A row of pictures under a label. */
export type SheetRow = { readonly label: string; readonly pictures: readonly Pixels[] };

const MARGIN = 4;
const NARROWEST = 480; // room for a label above few or small pictures

/**
 * Lays rows of pictures out on a white sheet, each row under its label.
 *
 * @param rows the rows; all pictures have the same size
 * @param scale every pixel becomes a square of this many (no smoothing: what you see is the data)
 * @returns 8-bit RGB pixels
 */
export function drawSheet(rows: readonly SheetRow[], scale: number): Pixels {
  const first = rows[0]?.pictures[0];
  const columns = rows.reduce((most, row) => Math.max(most, row.pictures.length), 0);
  const cell = {
    width: (first?.width ?? 0) * scale + MARGIN,
    height: (first?.height ?? 0) * scale + MARGIN,
  };
  const width = Math.max(NARROWEST, MARGIN + columns * cell.width);
  const texts = rows.map((row) => wrap(row.label, Math.floor((width - 2 * MARGIN) / CELL.width)));
  const lines = texts.reduce((sum, text) => sum + text.length, 0);
  const height = 2 * MARGIN + lines * CELL.height + rows.length * (cell.height + MARGIN);
  const sheet = { width, height, data: new Uint8Array(width * height * 3).fill(255) };
  let top = MARGIN;
  rows.forEach((row, r) => {
    for (const text of texts[r] ?? []) {
      const line = top;
      drawText(text, (x, y) => {
        const at = ((line + y) * width + MARGIN + x) * 3;
        sheet.data.fill(0, at, at + 3);
      });
      top += CELL.height;
    }
    row.pictures.forEach((picture, c) => {
      stamp(sheet, picture, { left: MARGIN + c * cell.width, top, scale });
    });
    top += cell.height + MARGIN;
  });
  return sheet;
}

type Place = { readonly left: number; readonly top: number; readonly scale: number };

function stamp(sheet: Pixels, picture: Pixels, { left, top, scale }: Place): void {
  for (let y = 0; y < picture.height * scale; y++) {
    for (let x = 0; x < picture.width * scale; x++) {
      const from = (Math.floor(y / scale) * picture.width + Math.floor(x / scale)) * 3;
      const to = ((top + y) * sheet.width + left + x) * 3;
      for (let c = 0; c < 3; c++) sheet.data[to + c] = picture.data[from + c] ?? 0;
    }
  }
}
