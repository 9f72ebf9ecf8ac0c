import { dispose, div, reshape, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { denormalizePatches, normalizePatches } from '@twocan/reconstruction';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';

describeBackends('normalised patches', () => {
  it('divide by the unbiased deviation of each patch', () => {
    tidy(() => {
      const patches = tensor3d([
        [
          [1, 2, 3],
          [10, 10, 40],
        ],
      ]);
      expectClose(normalizePatches(patches), [
        -1,
        0,
        1,
        -10 / Math.sqrt(300),
        -10 / Math.sqrt(300),
        20 / Math.sqrt(300),
      ]);
    });
  });

  it('are ±1/√2 for two values, the fewest that have a variance', () => {
    tidy(() => {
      const half = Math.SQRT1_2;
      const pairs = tensor3d([
        [
          [1, 3],
          [5, -5],
        ],
      ]);
      expectClose(normalizePatches(pairs), [-half, half, half, -half]);
      expectClose(denormalizePatches(normalizePatches(pairs), pairs), [1, 3, 5, -5]);
    });
  });

  it('are 0 where a patch has one colour', () => {
    tidy(() => {
      const flat = tensor3d([[[0.3, 0.3, 0.3, 0.3]]]);
      expectClose(normalizePatches(flat), [0, 0, 0, 0], { atol: 1e-4 });
    });
  });

  it('know no value too large, and of the smallest ε alone decides', () => {
    const half = Math.SQRT1_2;
    for (const size of [3e38, 1e25, 1e18, 1e10, 10]) {
      tidy(() => {
        const pairs = tensor3d([
          [
            [size, -size],
            [size / 2, size / 4],
            [0, size],
          ],
        ]);
        const unit = normalizePatches(pairs);
        expectClose(unit, [half, -half, half, -half, -half, half], { rtol: 1e-5 });
        const back = div(denormalizePatches(unit, pairs), size);
        expectClose(back, [1, -1, 0.5, 0.25, 0, 1], { rtol: 1e-5 });
      });
    }
    tidy(() => {
      const tiny = tensor3d([[[1e-30, 3e-30]]]);
      expectClose(div(normalizePatches(tiny), 1e-27), [-1, 1], { rtol: 1e-5 });
      const flat = tensor3d([[[2 ** 100, 2 ** 100]]]);
      expectClose(normalizePatches(flat), [0, 0]);
    });
  });

  it('turn back into pixels with the statistics of the true patches', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        tidy(() => {
          const patches = tensor3d(normal(key(seed), 24), [2, 2, 6]);
          const back = denormalizePatches(normalizePatches(patches), patches);
          expectClose(back, patches, { atol: 1e-5 });
        });
      }),
      { numRuns: 5 },
    );
  });

  it('refuse other shapes and leak nothing', () => {
    const [patches, narrow] = [tensor3d([[[1, 2, 4]]]), tensor3d([[[1]]])];
    expect(() => normalizePatches(narrow)).toThrow(
      'normalizePatches: a patch must have at least 2 values, got shape [1, 1, 1]',
    );
    expect(() => denormalizePatches(narrow, patches)).toThrow(
      'denormalizePatches: prediction must have shape [1, 1, 3], got [1, 1, 1]',
    );
    const flat = reshape(patches, [1, 3]) as never;
    expect(() => normalizePatches(flat)).toThrow(
      'normalizePatches: patches must have 3 dimensions, got shape [1, 3]',
    );
    expect(() => denormalizePatches(patches, flat)).toThrow(
      'denormalizePatches: reference must have 3 dimensions, got shape [1, 3]',
    );
    dispose(flat);
    expectNoLeak(() => normalizePatches(patches));
    expectNoLeak(() => denormalizePatches(patches, patches));
    patches.dispose();
    narrow.dispose();
  });
});
