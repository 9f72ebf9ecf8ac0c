import { expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { principalComponents } from '../src/index.ts';
import { golden, train } from './rows.ts';

it("projects as scikit-learn's PCA, signs and shares of variance too", () => {
  const { coordinates, explained } = principalComponents(train.features, { rows: 120 });
  expectClose(coordinates, golden.values('pca/coordinates'), { rtol: 1e-4, atol: 1e-4 });
  expectClose(explained, golden.values('pca/explained'), { rtol: 1e-5 });
});

it('finds the one direction of a line, and nothing beside it', () => {
  const line = Float32Array.from(
    { length: 30 },
    (_, i) => Math.floor(i / 3) * ([2, -1, 2][i % 3] ?? 0),
  );
  const { coordinates, explained } = principalComponents(line, { rows: 10 });
  expectClose(explained, [1, 0], { atol: 1e-9 });
  const first = coordinates.filter((_, i) => i % 2 === 0);
  // Points are 3 apart, around their middle.
  expectClose(
    first,
    Array.from({ length: 10 }, (_, i) => 3 * (i - 4.5)),
  );
});

it('tells directions apart whose variances are almost equal', () => {
  // Two pairs of points on two axes turned by 30 degrees, one pair a little further out.
  const [c, s, far] = [Math.sqrt(3) / 2, 0.5, 1.0005];
  const rows = Float32Array.of(far * c, far * s, -far * c, -far * s, -s, c, s, -c);
  const { coordinates } = principalComponents(rows, { rows: 4 });
  expectClose(coordinates, [far, 0, -far, 0, 0, 1, 0, -1], { rtol: 1e-6, atol: 1e-3 });
});

it('says what is wrong', () => {
  expect(() => principalComponents(train.features, { rows: 120, components: 11 })).toThrow(
    'principalComponents: components must be an integer in 1 to 10, got 11',
  );
});
