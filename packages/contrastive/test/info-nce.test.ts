import { mul, ones, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import { infoNCE } from '@twocan/contrastive';
import { key, normal, permutation } from '@twocan/core';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const rows = (seed: number, batch: number, width: number) =>
  tensor2d(normal(key(seed), batch * width), [batch, width]);

/** The published formula, term by term, in float64. */
function reference(a: number[][], b: number[][], temperature: number): number {
  const unit = (row: number[]) => row.map((x) => x / Math.hypot(...row));
  const views = [a.map(unit), b.map(unit)];
  const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);
  const kernel = (x: number[], y: number[]) => Math.exp(dot(x, y) / temperature);
  let total = 0;
  for (const view of [0, 1]) {
    for (let i = 0; i < a.length; i++) {
      const anchor = views[view]?.[i] ?? [];
      const positive = kernel(anchor, views[1 - view]?.[i] ?? []);
      const negatives = views.flatMap((v) =>
        v.filter((_, j) => j !== i).map((u) => kernel(anchor, u)),
      );
      total -= Math.log(positive / negatives.reduce((sum, x) => sum + x, positive));
    }
  }
  return total / (2 * a.length);
}

describeBackends('infoNCE', () => {
  const a = [
    [1, 0],
    [0, 1],
    [1, 1],
  ];
  const b = [
    [0.6, 0.8],
    [0.8, -0.6],
    [-1, 1],
  ];

  it('gives the known values', () => {
    tidy(() => {
      const views = [tensor2d(a), tensor2d(b)] as const;
      expectClose(infoNCE(...views, { temperature: 0.1 }), 8.69221116207, { atol: 1e-5 });
      expectClose(infoNCE(...views, { temperature: 0.5 }), 2.50155396147, { atol: 1e-5 });
    });
  });

  it.each([0.2, 0.02])('is the published formula at temperature %d', (temperature) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 6 }), (seed, batch) => {
        tidy(() => {
          const [x, y] = [rows(seed, batch, 5), rows(seed + 1, batch, 5)];
          const expected = reference(x.arraySync(), y.arraySync(), temperature);
          expectClose(infoNCE(x, y, { temperature }), expected, { rtol: 1e-4, atol: 2e-5 });
        });
      }),
      { numRuns: 10 },
    );
  });

  it('sees no image as its own negative, at the lowest temperatures of the field as well', () => {
    tidy(() => {
      for (const temperature of [0.5, 0.02, 0.01]) {
        // One image: its other view is all that there is to find.
        expect(() => infoNCE(tensor2d([[1, 0]]), tensor2d([[0, 1]]), { temperature })).toThrow(
          'infoNCE: zA must have at least 2 rows',
        );
        // Four views at right angles: three others, all alike.
        const [x, y] = [
          tensor2d([1, 0, 0, 0, 0, 1, 0, 0], [2, 4]),
          tensor2d([0, 0, 1, 0, 0, 0, 0, 1], [2, 4]),
        ];
        expectClose(infoNCE(x, y, { temperature }), Math.log(3), { rtol: 1e-6 });
      }
    });
  });

  it('is log(2B − 1) when all embeddings are equal, and at its bound for orthogonal images', () => {
    tidy(() => {
      const same = tensor2d(new Float32Array(12).fill(1), [4, 3]);
      expectClose(infoNCE(same, same, { temperature: 0.1 }), Math.log(7), { rtol: 1e-5 });
      const axes = tensor2d([3, 0, 0, 0, 2, 0, 0, 0, 1], [3, 3]);
      const bound = Math.log(1 + 4 * Math.exp(-10));
      expectClose(infoNCE(axes, axes, { temperature: 0.1 }), bound, { rtol: 1e-2 });
    });
  });

  it('does not depend on the order of images, of views, or on the lengths of embeddings', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0.1, max: 10, noNaN: true }), (seed, factor) => {
        tidy(() => {
          const [x, y] = [rows(seed, 5, 4), rows(seed + 1, 5, 4)];
          const order = permutation(key(seed), 5);
          const shuffled = (t: typeof x) => {
            const values = t.arraySync();
            return tensor2d([...order].map((i) => values[i] ?? []));
          };
          const loss = infoNCE(x, y, { temperature: 0.1 });
          const close = { rtol: 1e-4, atol: 1e-5 };
          const same = [infoNCE(shuffled(x), shuffled(y), { temperature: 0.1 })];
          same.push(infoNCE(y, x, { temperature: 0.1 }));
          same.push(infoNCE(mul(x, factor), y, { temperature: 0.1 }));
          for (const other of same) expectClose(other, loss, close);
        });
      }),
      { numRuns: 10 },
    );
  });

  it('has the gradient of central differences', () => {
    tidy(() =>
      checkGradient(
        (x, y) =>
          infoNCE(x as ReturnType<typeof rows>, y as ReturnType<typeof rows>, { temperature: 0.5 }),
        [rows(1, 3, 3), rows(2, 3, 3)],
      ),
    );
  });

  it('stays finite for embeddings of zero and at low temperature', () => {
    tidy(() => {
      const zero = zeros([3, 2]) as ReturnType<typeof rows>;
      expectClose(infoNCE(zero, zero, { temperature: 0.1 }), Math.log(5), { rtol: 1e-5 });
      const loss = infoNCE(tensor2d(a), tensor2d(b), { temperature: 0.001 }).dataSync()[0];
      expect(Number.isFinite(loss)).toBe(true);
    });
  });

  it('refuses a temperature that float32 cannot divide by, and embeddings without width', () => {
    tidy(() => {
      const call = (temperature: number) => infoNCE(rows(1, 3, 2), rows(1, 3, 2), { temperature });
      expect(() => call(9e-7)).toThrow('infoNCE: temperature must be at least 1e-6, got 9e-7');
      expect(() => call(1e-6)).not.toThrow();
      const narrow = zeros([3, 0]) as never;
      expect(() => infoNCE(narrow, narrow, { temperature: 1 })).toThrow(
        /^infoNCE: the width of zA must be a positive integer, got 0/,
      );
    });
  });

  it('refuses views of different shapes and a temperature of 0', () => {
    tidy(() => {
      expect(() => infoNCE(rows(1, 3, 2), rows(1, 4, 2), { temperature: 1 })).toThrow(
        'infoNCE: zB must have shape [3, 2], got [4, 2]',
      );
      for (const temperature of [0, -0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => infoNCE(rows(1, 3, 2), rows(1, 3, 2), { temperature })).toThrow(
          `infoNCE: temperature must be positive, got ${temperature}`,
        );
      }
      expect(() => infoNCE(ones([3]) as never, rows(1, 3, 2), { temperature: 1 })).toThrow(
        'infoNCE: zA must have 2 dimensions, got shape [3]',
      );
    });
  });

  it('leaks nothing', () => {
    const [x, y] = [rows(1, 4, 3), rows(2, 4, 3)];
    expectNoLeak(() => infoNCE(x, y, { temperature: 0.1 }));
    x.dispose();
    y.dispose();
  });
});
