import { CELL, drawText } from './font.ts';
import { writePng } from './picture-files.ts';
import type { Pixels } from './sheet.ts';

const TITLE = 'right class down, predicted across, % of a row';
const MARGIN = 8;
const LONGEST = 16; // characters of a name

/**
 * Draws a confusion matrix: right classes down, predicted classes across, each row in shares of it.
 *
 * White means none; the diagonal is blue, mistakes are orange, and each cell shows its percentage
 * that has room.
 *
 * @param counts `[C, C]`, of `confusionMatrix`
 * @param names of the classes
 * @returns 8-bit RGB pixels
 */
export function drawConfusion(counts: Int32Array, names: readonly string[]): Pixels {
  const classes = names.length;
  const side = classes <= 40 ? 4 * CELL.width : 6;
  const hasRoom = side >= CELL.height;
  const shown = names.map((name) => name.slice(0, LONGEST));
  const letters = hasRoom ? Math.max(...shown.map((name) => name.length)) : 0;
  const left = MARGIN + letters * CELL.width + (letters > 0 ? MARGIN : 0);
  const top = MARGIN + 2 * CELL.height;
  const width = Math.max(left + classes * side, MARGIN + TITLE.length * CELL.width) + MARGIN;
  const height = top + classes * side + MARGIN;
  const picture = { width, height, data: new Uint8Array(width * height * 3).fill(255) };
  write(picture, TITLE, MARGIN, MARGIN);
  for (let row = 0; row < classes; row++) {
    const own = counts.subarray(row * classes, (row + 1) * classes);
    const total = Math.max(
      1,
      own.reduce((a, b) => a + b, 0),
    );
    const y = top + row * side;
    if (hasRoom) write(picture, shown[row] ?? '', MARGIN, y + middleOf(side));
    for (let column = 0; column < classes; column++) {
      const share = (own[column] ?? 0) / total;
      const x = left + column * side;
      fill(picture, { x, y, side }, tint(share, row === column));
      if (!hasRoom || share < 0.005) continue;
      const text = String(Math.round(100 * share));
      const room = side - 1 - text.length * CELL.width;
      write(picture, text, x + Math.floor(room / 2), y + middleOf(side), share > 0.6 ? 255 : 0);
    }
  }
  return picture;
}

/**
 * Draws a confusion matrix into a PNG file.
 *
 * @param path the file
 * @param counts `[C, C]`
 * @param names of the classes
 */
export async function writeConfusion(
  path: string,
  counts: Int32Array,
  names: readonly string[],
): Promise<void> {
  await writePng(path, drawConfusion(counts, names));
}

const middleOf = (side: number): number => Math.floor((side - 1 - CELL.height) / 2) + 1;

/** White for 0; blue for right and orange for wrong ones, the darker the more. */
function tint(share: number, right: boolean): readonly number[] {
  const full = right ? [20, 80, 160] : [200, 80, 0];
  // The root makes the few per cent of a common mistake visible.
  const strength = right ? share : Math.sqrt(share);
  return full.map((channel) => Math.round(255 + (channel - 255) * strength));
}

type Square = { readonly x: number; readonly y: number; readonly side: number };

/** A square but for its last row and column, which stay white between cells. */
function fill({ width, data }: Pixels, { x, y, side }: Square, colour: readonly number[]): void {
  for (let dy = 0; dy < side - 1; dy++) {
    for (let dx = 0; dx < side - 1; dx++) {
      for (let c = 0; c < 3; c++) data[((y + dy) * width + x + dx) * 3 + c] = colour[c] ?? 0;
    }
  }
}

function write({ width, data }: Pixels, text: string, x: number, y: number, grey = 0): void {
  drawText(text, (dx, dy) => {
    const at = ((y + dy) * width + x + dx) * 3;
    data.fill(grey, at, at + 3);
  });
}
