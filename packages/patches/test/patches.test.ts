import { reshape, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { patchGrid, patchify, sincosPositions, unpatchify } from '@twocan/patches';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** The definition, one number at a time. */
function patchifyByHand(
  values: Float32Array,
  [b, h, w, c]: readonly number[],
  p: number,
): number[] {
  const [B = 0, H = 0, W = 0, C = 0] = [b, h, w, c];
  const out: number[] = [];
  for (let image = 0; image < B; image++)
    for (let row = 0; row < H / p; row++)
      for (let column = 0; column < W / p; column++)
        for (let y = 0; y < p; y++)
          for (let x = 0; x < p; x++)
            for (let k = 0; k < C; k++)
              out.push(values[((image * H + row * p + y) * W + column * p + x) * C + k] ?? NaN);
  return out;
}

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 4 }),
  patch: fc.integer({ min: 1, max: 4 }),
  channels: fc.integer({ min: 1, max: 5 }),
});

describeBackends('patchify', () => {
  it('cuts images of any shape and channel count as defined; unpatchify puts them back', () => {
    fc.assert(
      fc.property(sizes, ({ batch, rows, columns, patch, channels }) => {
        const shape = [batch, rows * patch, columns * patch, channels] as const;
        const values = normal(
          key(batch + 10 * rows),
          shape.reduce((a, b) => a * b),
        );
        const images = tensor4d(values, [...shape]);
        const patches = patchify(images, patch);
        expect(patches.shape).toEqual([batch, rows * columns, patch * patch * channels]);
        expectClose(patches, patchifyByHand(values, shape, patch), { rtol: 0, atol: 0 });
        const back = unpatchify(patches, { rows, columns, patch, channels });
        expect(back.shape).toEqual(shape);
        expectClose(back, values, { rtol: 0, atol: 0 });
      }),
      { numRuns: 40 },
    );
  });

  it('passes gradients both ways', () => {
    const images = tensor4d(normal(key(1), 24), [1, 4, 6, 1]);
    checkGradient((x) => patchify(x as Tensor4D, 2), [images]);
    const layout = { rows: 2, columns: 3, patch: 2, channels: 1 };
    checkGradient((x) => unpatchify(reshape(x, [1, 6, 4]), layout), [images]);
  });

  it('leaks nothing', () => {
    const images = tensor4d(normal(key(1), 48), [1, 4, 4, 3]);
    expectNoLeak(() => patchify(images, 2));
    const patches = patchify(images, 2);
    expectNoLeak(() => unpatchify(patches, { rows: 2, columns: 2, patch: 2, channels: 3 }));
  });

  it('says what does not fit', () => {
    const images = tensor4d(new Float32Array(60), [1, 5, 4, 3]);
    expect(() => patchify(images, 2)).toThrow(/multiples of the patch, got 5x4 and 2/);
    expect(() => patchify(reshape(images, [5, 4, 3]) as never, 1)).toThrow(
      'patchify: images must have 4 dimensions, got shape [5, 4, 3]',
    );
    expect(() =>
      unpatchify(reshape(images, [1, 5, 12]), { rows: 2, columns: 2, patch: 2, channels: 3 }),
    ).toThrow('unpatchify: patches must have shape [*, 4, 12], got [1, 5, 12]');
  });
});

describe('patchGrid', () => {
  it('counts rows and columns of non-square images', () => {
    expect(patchGrid({ height: 32, width: 48, patch: 8 })).toEqual({
      rows: 4,
      columns: 6,
      count: 24,
    });
  });

  it.each([
    [0, 32],
    [32, 0],
    [-8, 32],
    [32, -8],
    [33, 32],
    [32, 33],
    [32.5, 32],
    [Number.NaN, 32],
  ])('refuses an image of %d x %d', (height, width) => {
    expect(() => patchGrid({ height, width, patch: 8 })).toThrow(
      /^patchGrid: (height|width|height and width) must be/,
    );
  });

  it('takes patches of one pixel, and one patch of the whole image', () => {
    expect(patchGrid({ height: 2, width: 3, patch: 1 })).toEqual({ rows: 2, columns: 3, count: 6 });
    expect(patchGrid({ height: 4, width: 4, patch: 4 })).toEqual({ rows: 1, columns: 1, count: 1 });
  });

  it.each([0, -1, 1.5, 5, Number.NaN])('refuses a patch of %d', (patch) => {
    expect(() => patchGrid({ height: 32, width: 32, patch })).toThrow(
      /^patchGrid: (height and width|patch) must be/,
    );
  });
});

describe('sincosPositions', () => {
  // The masked autoencoder's table for a 2 x 2 grid of width 8, patches (row, column) in order.
  const zero = [0, 0, 1, 1];
  const one = [0.841471, 0.0099998, 0.5403023, 0.99995];
  it('puts the column first', () => {
    const table = sincosPositions({ rows: 2, columns: 2, width: 8 });
    const expected = [zero, zero, one, zero, zero, one, one, one].flat();
    expectClose(table, expected, { atol: 1e-6 });
  });

  it('gives each patch of a wide grid its own row', () => {
    const table = sincosPositions({ rows: 3, columns: 5, width: 12 });
    const rows = Array.from({ length: 15 }, (_, i) => table.slice(12 * i, 12 * i + 12).join());
    expect(new Set(rows).size).toBe(15);
  });

  it.each([0, 2, 6, -4, 4.5, Number.NaN])('refuses a width of %d', (width) => {
    expect(() => sincosPositions({ rows: 1, columns: 1, width })).toThrow(
      /^sincosPositions: width must be a positive multiple of 4, got/,
    );
  });

  it('takes the smallest width', () => {
    const table = sincosPositions({ rows: 1, columns: 2, width: 4 });
    expectClose(table, [0, 1, 0, 1, Math.sin(1), Math.cos(1), 0, 1]);
  });
});
