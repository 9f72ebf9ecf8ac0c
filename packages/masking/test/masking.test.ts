import { add, mul, reshape, sub, sum, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { fold, key, normal } from '@twocan/core';
import {
  keepTokens,
  type Mask,
  maskedWeights,
  restoreTokens,
  sampleMask,
  visibleWeights,
} from '@twocan/masking';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const options = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  patches: fc.integer({ min: 1, max: 40 }),
  // Whole hundredths: 1 - 0.9 must not lose a token to rounding.
  percent: fc.integer({ min: 0, max: 99 }),
});

describe('sampleMask', () => {
  it('keeps exactly ⌊N·(1 - ratio)⌋ tokens, in an order that restore inverts', () => {
    fc.assert(
      fc.property(options, fc.nat(), ({ batch, patches, percent }, seed) => {
        const kept = Math.floor((patches * (100 - percent)) / 100);
        const sample = (): Mask => sampleMask(key(seed), { batch, patches, ratio: percent / 100 });
        if (kept === 0) {
          expect(sample).toThrow(/keeps none of/);
          return;
        }
        const mask = sample();
        expect(mask).toMatchObject({ batch, patches, kept });
        for (let b = 0; b < batch; b++) {
          const ranks = mask.restore.slice(b * patches, (b + 1) * patches);
          expect([...ranks].sort((x, y) => x - y)).toEqual([...ranks.keys()]);
          mask.keep.slice(b * kept, (b + 1) * kept).forEach((token, rank) => {
            expect(ranks[token]).toBe(rank);
          });
        }
      }),
    );
  });

  it('rounds as the masked autoencoder', () => {
    const kept = (ratio: number): number =>
      sampleMask(key(0), { batch: 1, patches: 196, ratio }).kept;
    expect([0, 0.5, 0.75].map(kept)).toEqual([196, 98, 49]);
    expect(sampleMask(key(0), { batch: 1, patches: 10, ratio: 0.9 }).kept).toBe(1);
  });

  it('rounds away what floating point adds, for a million tokens as well', () => {
    // 1e6·(1 - 0.9) is 99999.99999999997 in float64, and 1e6·(1 - 0.9000001) is 99999.9.
    const kept = (ratio: number): number =>
      sampleMask(key(0), { batch: 1, patches: 1e6, ratio }).kept;
    expect([kept(0.9), kept(0.9000001)]).toEqual([100_000, 99_999]);
  });

  it.each([
    ['batch', 0],
    ['batch', 1.5],
    ['patches', 0],
    ['patches', -4],
    ['patches', Number.NaN],
  ])('refuses a %s of %d', (name, size) => {
    expect(() => sampleMask(key(0), { batch: 2, patches: 4, ratio: 0, [name]: size })).toThrow(
      `sampleMask: ${name} must be a positive integer, got ${size}`,
    );
  });

  it('does not depend on the size of the batch', () => {
    const [small, large] = [2, 7].map((batch) =>
      sampleMask(key(3), { batch, patches: 16, ratio: 0.5 }),
    );
    expect(large?.restore.slice(0, 32)).toEqual(small?.restore);
  });

  it('hides every token equally often', () => {
    const { restore, kept } = sampleMask(key(5), { batch: 4000, patches: 8, ratio: 0.25 });
    for (let t = 0; t < 8; t++) {
      let hidden = 0;
      for (let b = 0; b < 4000; b++) hidden += (restore[8 * b + t] ?? 0) >= kept ? 1 : 0;
      expect(Math.abs(hidden / 4000 - 0.25)).toBeLessThan(0.03);
    }
  });

  it('refuses more tokens than a list holds', () => {
    const size = { batch: 2 ** 16, patches: 2 ** 15, ratio: 0.5 };
    expect(() => sampleMask(key(0), size)).toThrow(
      'sampleMask: batch times patches must be at most 2147483647, got 2147483648',
    );
  });

  it.each([-0.1, 1, 1.2, Number.NaN])('refuses a ratio of %d', (ratio) => {
    expect(() => sampleMask(key(0), { batch: 1, patches: 4, ratio })).toThrow(
      `sampleMask: ratio must lie in [0, 1), got ${ratio}`,
    );
  });
});

describeBackends('keepTokens and restoreTokens', () => {
  const mask = sampleMask(key(1), { batch: 3, patches: 6, ratio: 0.5 });
  const tokens = (): Tensor3D => tensor3d(normal(key(2), 3 * 6 * 4), [3, 6, 4]);
  const fill = (): Tensor3D => tensor3d(normal(key(4), 4), [1, 1, 4]);

  it('put kept tokens back and the mask token elsewhere', () => {
    const [x, m] = [tokens(), fill()];
    const restored = restoreTokens(keepTokens(x, mask), m, mask);
    const hidden = reshape(maskedWeights(mask), [3, 6, 1]);
    expectClose(restored, add(mul(x, sub(1, hidden)), mul(m, hidden)), { rtol: 0, atol: 0 });
  });

  it('have the gradients of central differences', () => {
    checkGradient((x) => keepTokens(x as Tensor3D, mask), [tokens()]);
    checkGradient(
      (x, m) => restoreTokens(x as Tensor3D, m as Tensor3D, mask),
      [keepTokens(tokens(), mask), fill()],
    );
  });

  it('weights of masked and visible tokens are complements with the exact counts', () => {
    const [masked, visible] = [maskedWeights(mask), visibleWeights(mask)];
    expectClose(add(masked, visible), new Array(18).fill(1));
    expectClose(sum(masked, 1), [3, 3, 3]);
  });

  it('leak nothing', () => {
    const [x, m] = [tokens(), fill()];
    const kept = keepTokens(x, mask);
    expectNoLeak(() => keepTokens(x, mask));
    expectNoLeak(() => restoreTokens(kept, m, mask));
    expectNoLeak(() => maskedWeights(mask));
    expectNoLeak(() => visibleWeights(mask));
  });

  it('say which tokens do not fit', () => {
    expect(() => restoreTokens(tokens(), fill(), mask)).toThrow(
      'restoreTokens: tokens must have shape [3, 3, *], got [3, 6, 4]',
    );
    const other = sampleMask(fold(key(1), 'other'), { batch: 3, patches: 5, ratio: 0.5 });
    expect(() => keepTokens(tokens(), other)).toThrow(
      'keepTokens: tokens must have shape [3, 5, *], got [3, 6, 4]',
    );
  });
});
