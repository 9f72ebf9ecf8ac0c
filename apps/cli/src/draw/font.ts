/** Glyphs of 5 x 7 pixels: seven rows from the top, each a number whose bit 4 is the left pixel. */
const GLYPHS: Readonly<Record<string, string>> = {
  A: '0e 11 11 1f 11 11 11',
  B: '1e 11 11 1e 11 11 1e',
  C: '0e 11 10 10 10 11 0e',
  D: '1e 11 11 11 11 11 1e',
  E: '1f 10 10 1e 10 10 1f',
  F: '1f 10 10 1e 10 10 10',
  G: '0e 11 10 17 11 11 0f',
  H: '11 11 11 1f 11 11 11',
  I: '0e 04 04 04 04 04 0e',
  J: '07 02 02 02 02 12 0c',
  K: '11 12 14 18 14 12 11',
  L: '10 10 10 10 10 10 1f',
  M: '11 1b 15 15 11 11 11',
  N: '11 11 19 15 13 11 11',
  O: '0e 11 11 11 11 11 0e',
  P: '1e 11 11 1e 10 10 10',
  Q: '0e 11 11 11 15 12 0d',
  R: '1e 11 11 1e 14 12 11',
  S: '0f 10 10 0e 01 01 1e',
  T: '1f 04 04 04 04 04 04',
  U: '11 11 11 11 11 11 0e',
  V: '11 11 11 11 11 0a 04',
  W: '11 11 11 15 15 15 0a',
  X: '11 11 0a 04 0a 11 11',
  Y: '11 11 11 0a 04 04 04',
  Z: '1f 01 02 04 08 10 1f',
  0: '0e 11 13 15 19 11 0e',
  1: '04 0c 04 04 04 04 0e',
  2: '0e 11 01 02 04 08 1f',
  3: '1f 02 04 02 01 11 0e',
  4: '02 06 0a 12 1f 02 02',
  5: '1f 10 1e 01 01 11 0e',
  6: '06 08 10 1e 11 11 0e',
  7: '1f 01 02 04 08 08 08',
  8: '0e 11 11 0e 11 11 0e',
  9: '0e 11 11 0f 01 02 0c',
  ' ': '00 00 00 00 00 00 00',
  '.': '00 00 00 00 00 0c 0c',
  ',': '00 00 00 00 0c 04 08',
  ':': '00 0c 0c 00 0c 0c 00',
  ';': '00 0c 0c 00 0c 04 08',
  "'": '0c 04 08 00 00 00 00',
  '-': '00 00 00 1f 00 00 00',
  '+': '00 04 04 1f 04 04 00',
  '=': '00 00 1f 00 1f 00 00',
  _: '00 00 00 00 00 00 1f',
  '#': '0a 0a 1f 0a 1f 0a 0a',
  '&': '0c 12 14 08 15 12 0d',
  '@': '0e 11 17 15 17 10 0e',
  '~': '00 00 08 15 02 00 00',
  '/': '00 01 02 04 08 10 00',
  '%': '18 19 02 04 08 13 03',
  '(': '02 04 08 08 08 04 02',
  ')': '08 04 02 02 02 04 08',
};

const UNKNOWN = '1f 11 11 11 11 11 1f'; // a box, as browsers draw what a font lacks

/** Pixels from the left edge of one character to the next, and from one line to the next. */
export const CELL = { width: 6, height: 9 } as const;

/**
 * Calls back for every dark pixel of a line of text; small letters become capitals.
 *
 * @param text one line
 * @param plot receives x and y in pixels from the top left corner
 * @returns the width in pixels
 * @example
 * drawText('sigma 0.05', (x, y) => { pixels[y * width + x] = 0; });
 */
export function drawText(text: string, plot: (x: number, y: number) => void): number {
  [...text.toUpperCase()].forEach((character, at) => {
    const rows = (GLYPHS[character] ?? UNKNOWN).split(' ');
    rows.forEach((row, y) => {
      const bits = Number.parseInt(row, 16);
      for (let x = 0; x < 5; x++) if (bits & (16 >> x)) plot(at * CELL.width + x, y);
    });
  });
  return text.length * CELL.width;
}
