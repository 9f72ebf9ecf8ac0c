import { describe, expect, test } from 'vitest';
import { drawConfusion } from '../../src/draw/confusion.ts';
import { CELL, drawText } from '../../src/draw/font.ts';
import { drawSheet, type Pixels } from '../../src/draw/sheet.ts';

const at = ({ width, data }: Pixels, x: number, y: number): number[] => [
  ...data.slice(3 * (y * width + x), 3 * (y * width + x) + 3),
];

/** Whether a text stands at a place, in a grey, with nothing else in its cells. */
function holds(picture: Pixels, text: string, x: number, y: number, grey: number): boolean {
  const dots = new Set<string>();
  const wide = drawText(text, (dx, dy) => dots.add(`${dx},${dy}`));
  for (let dy = 0; dy < CELL.height - 1; dy++) {
    for (let dx = 0; dx < wide - 1; dx++) {
      const isGrey = at(picture, x + dx, y + dy).every((channel) => channel === grey);
      if (isGrey !== dots.has(`${dx},${dy}`)) return false;
    }
  }
  return true;
}

const TITLE = 'right class down, predicted across, % of a row';

describe('a matrix of confusions', () => {
  const names = ['cat', 'dog', 'a very long name of a class'];
  // Shares of a row: 3 of 4 right; nobody; 1 of 1 wrong.
  const counts = Int32Array.of(30, 10, 0, 0, 0, 0, 999, 1, 0);
  const draw = (): Pixels => drawConfusion(counts, names);
  const side = 4 * CELL.width;
  const [left, top] = [8 + 16 * CELL.width + 8, 8 + 2 * CELL.height];
  const cornerOf = (picture: Pixels) => (row: number, column: number) =>
    at(picture, left + column * side, top + row * side);

  test('has a size that holds names, cells and title', () => {
    const picture = draw();
    expect(picture.width).toBe(Math.max(left + 3 * side, 8 + TITLE.length * CELL.width) + 8);
    expect(picture.height).toBe(top + 3 * side + 8);
    expect(picture.data).toHaveLength(3 * picture.width * picture.height);
  });

  test('is blue where right, orange where wrong, white where nobody is', () => {
    const picture = draw();
    const corner = cornerOf(picture);
    const mixed = (full: number[], strength: number) =>
      full.map((channel) => Math.round(255 + (channel - 255) * strength));
    expect(corner(0, 0)).toEqual(mixed([20, 80, 160], 0.75));
    expect(corner(0, 1)).toEqual(mixed([200, 80, 0], 0.5));
    for (const [row, column] of [
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 2],
    ] as const) {
      expect(corner(row, column)).toEqual([255, 255, 255]);
    }
    expect(corner(2, 0)).toEqual(mixed([200, 80, 0], Math.sqrt(0.999)));
    // The last row and column of a cell stay white.
    expect(at(picture, left + side - 2, top + side - 2)).toEqual(corner(0, 0));
    expect(at(picture, left + side - 1, top)).toEqual([255, 255, 255]);
    expect(at(picture, left, top + side - 1)).toEqual([255, 255, 255]);
  });

  test('has the percentage in each cell, and the names and the title beside', () => {
    const picture = draw();
    const middle = Math.floor((side - 1 - CELL.height) / 2) + 1;
    const text = (value: string, row: number, column: number, grey: number) =>
      holds(
        picture,
        value,
        left + column * side + Math.floor((side - 1 - value.length * CELL.width) / 2),
        top + row * side + middle,
        grey,
      );
    expect(text('75', 0, 0, 255)).toBe(true);
    expect(text('25', 0, 1, 0)).toBe(true);
    expect(text('100', 2, 0, 255)).toBe(true);
    // A thousandth is not shown as 0.
    expect(text('0', 2, 1, 0)).toBe(false);
    expect(holds(picture, 'cat', 8, top + middle, 0)).toBe(true);
    expect(holds(picture, 'dog', 8, top + side + middle, 0)).toBe(true);
    expect(holds(picture, 'a very long name', 8, top + 2 * side + middle, 0)).toBe(true);
    expect(holds(picture, TITLE, 8, 8, 0)).toBe(true);
  });

  test('of many classes has small cells without text', () => {
    const classes = 41;
    const many = new Int32Array(classes * classes);
    many[1] = 3;
    many[2] = 1;
    const names = Array.from({ length: classes }, (_, i) => `class ${i}`);
    const small = drawConfusion(many, names);
    const y = 8 + 2 * CELL.height;
    expect(small.height).toBe(y + classes * 6 + 8);
    for (let x = 8 + 6; x < 8 + 11; x++) {
      expect(at(small, x, y)).toEqual([207, 103, 34]);
    }
    expect(at(small, 8 + 11, y)).toEqual([255, 255, 255]);
    expect(at(small, 8 + 12, y)).toEqual([228, 168, 128]);
    expect(drawConfusion(new Int32Array(1600), names.slice(0, 40)).height).toBe(y + 40 * side + 8);
  });
});

describe('a sheet of pictures', () => {
  const picture = (grey: number): Pixels => ({
    width: 2,
    height: 1,
    data: Uint8Array.of(grey, grey, grey, grey + 1, grey + 1, grey + 1),
  });

  test('has each picture enlarged in its place, under its label', () => {
    const rows = [
      { label: 'first', pictures: [picture(10), picture(20)] },
      { label: 'second', pictures: [picture(30)] },
    ];
    const sheet = drawSheet(rows, 3);
    // A margin, then for each row its label, its picture of 3 pixels, and a margin below and between.
    const heights = [4 + CELL.height, 4 + CELL.height + 3 + 8 + CELL.height];
    expect([sheet.width, sheet.height]).toEqual([480, 8 + 2 * (CELL.height + 3 + 8)]);
    expect(holds(sheet, 'first', 4, 4, 0)).toBe(true);
    expect(holds(sheet, 'second', 4, (heights[1] ?? 0) - CELL.height, 0)).toBe(true);
    for (const [left, top, grey] of [
      [4, heights[0] ?? 0, 10],
      [14, heights[0] ?? 0, 20],
      [4, heights[1] ?? 0, 30],
    ] as const) {
      for (let y = -1; y <= 3; y++) {
        for (let x = -1; x <= 6; x++) {
          if (y === -1 || (x === -1 && y < 3)) continue;
          const inside = y < 3 && x >= 0 && x < 6;
          const expected = inside ? grey + Math.floor(x / 3) : 255;
          expect(at(sheet, left + x, top + y), `${left + x}, ${top + y}`).toEqual(
            new Array(3).fill(expected),
          );
        }
      }
    }
  });

  test('is as wide as its pictures, and wraps labels that are wider', () => {
    const wide = { width: 300, height: 1, data: new Uint8Array(900) };
    expect(drawSheet([{ label: '', pictures: [wide, wide] }], 1).width).toBe(4 + 2 * 304);
    expect(drawSheet([{ label: '', pictures: [wide] }], 1).width).toBe(480);
    const letters = Math.floor((480 - 8) / CELL.width);
    const [fits, not] = ['a'.repeat(letters - 2), 'a'.repeat(letters - 1)].map(
      (word) => drawSheet([{ label: `${word} b`, pictures: [picture(0)] }], 1).height,
    );
    expect((not ?? 0) - (fits ?? 0)).toBe(CELL.height);
    expect(drawSheet([], 1)).toMatchObject({ width: 480, height: 8 });
  });
});
