import { fold, key } from '@twocan/core';
import { expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import {
  type Augmentation,
  applyPlan,
  type ColourChange,
  changeColour,
  gaussianBlur,
  resolveAugmentation,
  sampleErasure,
  sampleMix,
  sampleViewPlan,
  type ViewPlan,
} from '../src/index.ts';
import { sampleOperations } from '../src/rand-augment.ts';
import { warpImage } from '../src/warp.ts';
import { numberedPicture } from './pictures.ts';

const plans = (
  changes: Partial<Augmentation>,
  { side = 8, size = 32, count = 1000 } = {},
): ViewPlan[] =>
  Array.from({ length: count }, (_, i) =>
    sampleViewPlan(
      fold(key(1), i),
      { width: side, height: side },
      size,
      resolveAugmentation(size, changes),
    ),
  );

/** Both ends come within `near` of what they should be, and nothing lies beyond. */
function expectEnds(drawn: readonly number[], low: number, high: number, near: number): void {
  const [least, most] = [Math.min(...drawn), Math.max(...drawn)];
  expect(least).toBeGreaterThanOrEqual(low);
  expect(least).toBeLessThan(low + near);
  expect(most).toBeLessThanOrEqual(high);
  expect(most).toBeGreaterThan(high - near);
}

describe('ends of what is drawn', () => {
  it('crops lie at every place, first and last row and column included', () => {
    const crops = plans({ scale: [0.25, 0.25], aspect: [1, 1] }).map(({ crop }) => crop);
    for (const axis of ['x', 'y'] as const) {
      const places = crops.map((crop) => crop[axis]);
      expect([...new Set(places)].sort()).toEqual([0, 1, 2, 3, 4]);
      // Four deviations of a fifth of 1000.
      for (const place of new Set(places)) {
        expect(Math.abs(places.filter((own) => own === place).length - 200)).toBeLessThan(51);
      }
    }
    expect(new Set(plans({ scale: [1, 1], aspect: [1, 1] }).map(({ crop }) => crop.width))).toEqual(
      new Set([8]),
    );
  });

  it('crops have every area and aspect of their ranges', () => {
    const crops = plans({ scale: [0.1, 0.5] }, { side: 10_000 }).map(({ crop }) => crop);
    const areas = crops.map(({ width, height }) => (width * height) / 1e8);
    expectEnds(areas, 0.1 - 1e-4, 0.5 + 1e-4, 0.005);
    const logs = crops.map(({ width, height }) => Math.log(width / height));
    expectEnds(logs, Math.log(3 / 4) - 1e-3, Math.log(4 / 3) + 1e-3, 0.01);
    const middle = logs.reduce((sum, x) => sum + x, 0) / logs.length;
    expect(Math.abs(middle)).toBeLessThan(0.03);
  });

  it.each([
    ['brightness', 0.4, 0.6, 1.4],
    ['brightness', 2, 0, 3],
    ['contrast', 1, 0, 2],
    ['saturation', 5, 0, 6],
    ['hue', 0.5, -0.5, 0.5],
  ] as const)('%s %d gives amounts from %d to %d', (kind, reach, low, high) => {
    const jitter = plans({ jitter: 1, [kind]: reach }).flatMap((plan) => plan.operations);
    const amounts = jitter.filter((change) => change.kind === kind).map(({ amount }) => amount);
    expect(amounts).toHaveLength(1000);
    expectEnds(amounts, low, high, 0.01 * (high - low));
  });

  it('blur has every σ of its range, in the scale of the view', () => {
    const sigmas = (size: number) =>
      plans({ blur: 1, sigma: [0.2, 3] }, { size }).map(({ sigma }) => sigma);
    expectEnds(sigmas(224), 0.2, 3, 0.02);
    expectEnds(sigmas(112), 0.1, 1.5, 0.01);
  });

  it('a probability of 0 is never, of 1 always', () => {
    for (const p of [0, 1]) {
      const all = plans({ flip: p, jitter: p, grey: p, blur: p, erasing: p }, { size: 64 });
      const seen = all.map(({ flip, operations, grey, sigma, erase }) =>
        [flip, operations.length > 0, grey, sigma > 0, erase !== undefined].join(),
      );
      expect(new Set(seen)).toEqual(
        new Set([
          Array(5)
            .fill(p === 1)
            .join(),
        ]),
      );
    }
  });

  it('rectangles of noise touch every side, and have every area and aspect', () => {
    const boxes = Array.from({ length: 2000 }, (_, i) => sampleErasure(fold(key(2), i), 16)?.box);
    const found = boxes.flatMap((box) => (box === undefined ? [] : [box]));
    expect(found.some(({ x }) => x === 0)).toBe(true);
    expect(found.some(({ y }) => y === 0)).toBe(true);
    expect(found.some(({ x, width }) => x + width === 16)).toBe(true);
    expect(found.some(({ y, height }) => y + height === 16)).toBe(true);
    const large = Array.from({ length: 2000 }, (_, i) => sampleErasure(fold(key(2), i), 9999)?.box);
    const fits = large.flatMap((box) => (box === undefined ? [] : [box]));
    const areas = fits.map(({ width, height }) => (width * height) / 9999 ** 2);
    expectEnds(areas, 0.02 - 1e-4, 1 / 3 + 1e-4, 0.005);
    const logs = fits.map(({ width, height }) => Math.log(height / width));
    expectEnds(logs, Math.log(0.3) - 1e-3, -Math.log(0.3) + 1e-3, 0.02);
  });

  it('mixing keeps from nothing to all, and cuts at every side and in the middle', () => {
    const drawn = (mixup: number, cutmix: number) =>
      Array.from({ length: 2000 }, (_, i) => sampleMix(fold(key(3), i), { mixup, cutmix }, 8));
    expectEnds(
      drawn(1, 0).map(({ keep }) => keep),
      0,
      1,
      0.01,
    );
    const boxes = drawn(0, 1).flatMap(({ box }) => (box === undefined ? [] : [box]));
    expect(new Set(boxes.map(({ top }) => top))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(new Set(boxes.map(({ left }) => left))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(new Set(boxes.map(({ bottom }) => bottom))).toEqual(
      new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]),
    );
    expect(new Set(boxes.map(({ right }) => right))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it('operations include the first and the last kind, and factors on both sides of 1', () => {
    const all = Array.from({ length: 3000 }, (_, i) =>
      sampleOperations(fold(key(4), i), { operations: 1, magnitude: 10 }),
    ).flat();
    const amounts = (kind: string) =>
      all.filter((own) => own.kind === kind).map(({ amount }) => amount);
    expect(amounts('autocontrast').length).toBeGreaterThan(0);
    expect(amounts('translateY').length).toBeGreaterThan(0);
    for (const kind of ['brightness', 'saturation', 'contrast', 'sharpness']) {
      expect(Math.min(...amounts(kind))).toBeCloseTo(0.1, 10);
      expect(Math.max(...amounts(kind))).toBeCloseTo(1.9, 10);
    }
  });
});

describe('ends of what is changed', () => {
  const changed = (kind: ColourChange['kind'], amount: number, pixels: readonly number[]) => {
    const own = Float32Array.from(pixels);
    changeColour(own, { kind, amount });
    return own;
  };
  const [red, yellow, green, cyan, blue, magenta] = [
    [1, 0, 0],
    [1, 1, 0],
    [0, 1, 0],
    [0, 1, 1],
    [0, 0, 1],
    [1, 0, 1],
  ];
  const wheel = [red, yellow, green, cyan, blue, magenta].map((rgb) => rgb ?? []);

  it('hue turns all the way round, in both directions, from every colour', () => {
    wheel.forEach((rgb, i) => {
      for (const sixths of [-3, -2, -1, 0, 1, 2, 3]) {
        const goal = wheel[(i + sixths + 6) % 6] ?? [];
        expectClose(changed('hue', sixths / 6, rgb), goal, { atol: 1e-6 }, `${rgb} by ${sixths}`);
      }
    });
  });

  it('factors of 0 and beyond 1 are exact, and clipped', () => {
    const pixels = [0.2, 0.4, 0.6, 0.8, 0.6, 0.4];
    const greyOf = ([r = 0, g = 0, b = 0]: readonly number[]): number =>
      0.2989 * r + 0.587 * g + 0.114 * b;
    const greys = [greyOf(pixels), greyOf(pixels.slice(3))];
    const mean = ((greys[0] ?? 0) + (greys[1] ?? 0)) / 2;
    const clipped = (x: number): number => Math.min(1, Math.max(0, x));
    for (const f of [0, 1, 1.9, 3]) {
      expectClose(
        changed('brightness', f, pixels),
        pixels.map((x) => clipped(f * x)),
      );
      expectClose(
        changed('contrast', f, pixels),
        pixels.map((x) => clipped(f * x + (1 - f) * mean)),
      );
      expectClose(
        changed('saturation', f, pixels),
        pixels.map((x, i) => clipped(f * x + (1 - f) * (greys[Math.floor(i / 3)] ?? 0))),
      );
    }
  });

  it('tones change at their thresholds', () => {
    const pixels = [0, 0.25, 0.5, 0.75, 1, 0.5];
    expectClose(changed('solarize', 0.5, pixels), [0, 0.25, 0.5, 0.25, 0, 0.5]);
    expectClose(changed('solarize', 0.75, pixels), [0, 0.25, 0.5, 0.25, 0, 0.5]);
    expectClose(changed('invert', 0, pixels), [1, 0.75, 0.5, 0.25, 0, 0.5]);
    expectClose(changed('solarizeAdd', 0.25, pixels), [0.25, 0.5, 0.5, 0.75, 1, 0.5]);
    expectClose(changed('solarizeAdd', 0.9, [0.2, 0.05, 0.5]), [1, 0.95, 0.5]);
    const bytes = [0, 1, 127, 128, 254, 255].map((x) => x / 255);
    expectClose(changed('posterize', 8, bytes), bytes);
    expectClose(
      changed('posterize', 1, bytes),
      [0, 0, 0, 128, 128, 128].map((x) => x / 255),
    );
    expectClose(changed('posterize', 0, bytes), [0, 0, 0, 0, 0, 0]);
    // Channels: 0.2 to 0.6, one value, 0 to 1.
    expectClose(changed('autocontrast', 0, [0.2, 0.3, 0, 0.6, 0.3, 1]), [0, 0.3, 0, 1, 0.3, 1]);
  });

  it('turns by quarters are exact, and shifts by whole pixels', () => {
    const size = 4;
    const pixels = Float32Array.from({ length: 48 }, (_, i) => i / 48);
    const at = (row: number, column: number): readonly number[] =>
      row < 0 || row > 3 || column < 0 || column > 3
        ? [0, 0, 0]
        : [...pixels.slice(3 * (4 * row + column), 3 * (4 * row + column) + 3)];
    const made = (from: (row: number, column: number) => readonly number[]): number[] =>
      Array.from({ length: 16 }, (_, i) => from(Math.floor(i / 4), i % 4)).flat();
    const warped = (kind: 'rotate' | 'translateX' | 'translateY', amount: number) =>
      warpImage(pixels, size, { kind, amount }, [0, 0, 0]);
    // Counter-clockwise: what was right comes up.
    for (const [degrees, from] of [
      [0, (r: number, c: number) => at(r, c)],
      [90, (r: number, c: number) => at(c, 3 - r)],
      [-90, (r: number, c: number) => at(3 - c, r)],
      [180, (r: number, c: number) => at(3 - r, 3 - c)],
    ] as const) {
      expectClose(warped('rotate', degrees), made(from), { atol: 1e-5 }, `${degrees} degrees`);
    }
    for (const by of [-2, -1, 0, 1, 3]) {
      expectClose(
        warped('translateX', by / 4),
        made((r, c) => at(r, c + by)),
        { atol: 1e-6 },
      );
      expectClose(
        warped('translateY', by / 4),
        made((r, c) => at(r + by, c)),
        { atol: 1e-6 },
      );
    }
  });

  it('blur mirrors as often as its kernel is longer than the picture', () => {
    for (const [size, sigma] of [
      [1, 2],
      [2, 1.5],
      [3, 2],
      [5, 0.4],
    ] as const) {
      const pixels = Float32Array.from({ length: size * size * 3 }, (_, i) => Math.sin(3 * i) ** 2);
      const radius = Math.max(1, Math.ceil(3 * sigma));
      const taps = Array.from({ length: 2 * radius + 1 }, (_, i) =>
        Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
      );
      const total = taps.reduce((sum, tap) => sum + tap, 0);
      // Step by step: at an end the walk turns round.
      const mirrored = (start: number, by: number): number => {
        let [at, step] = [start, Math.sign(by)];
        for (let i = 0; i < Math.abs(by) && size > 1; i++) {
          if (at + step < 0 || at + step >= size) step = -step;
          at += step;
        }
        return at;
      };
      const expected = pixels.map((_, i) => {
        const [row, column, c] = [Math.floor(i / 3 / size), Math.floor(i / 3) % size, i % 3];
        let sum = 0;
        for (let dy = -radius; dy <= radius; dy++) {
          for (let dx = -radius; dx <= radius; dx++) {
            const from = 3 * (size * mirrored(row, dy) + mirrored(column, dx)) + c;
            sum += (taps[dy + radius] ?? 0) * (taps[dx + radius] ?? 0) * (pixels[from] ?? NaN);
          }
        }
        return sum / total ** 2;
      });
      expectClose(gaussianBlur(pixels, size, sigma), expected, { atol: 1e-5 }, `${size}, ${sigma}`);
    }
  });

  it('a crop of the last row, of the last column and of one pixel is that', () => {
    const picture = numberedPicture(5, 4);
    const plain = { flip: false, operations: [], grey: false, sigma: 0 };
    const rgb = (x: number, y: number): number[] =>
      [0, 1, 2].map((c) => (picture.data[3 * (5 * y + x) + c] ?? Number.NaN) / 255);
    const one = (x: number, y: number) =>
      applyPlan(picture, { ...plain, crop: { x, y, width: 1, height: 1 } }, 1);
    for (const [x, y] of [
      [0, 0],
      [4, 0],
      [0, 3],
      [4, 3],
    ] as const) {
      expectClose(one(x, y), rgb(x, y), {}, `${x}, ${y}`);
    }
    const row = applyPlan(picture, { ...plain, crop: { x: 1, y: 3, width: 4, height: 1 } }, 4);
    expectClose(
      row.slice(0, 12),
      [1, 2, 3, 4].flatMap((x) => rgb(x, 3)),
    );
  });
});
