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

it('says what is wrong', () => {
  expect(() => principalComponents(train.features, { rows: 120, components: 11 })).toThrow(
    'principalComponents: components must be an integer in 1 to 10, got 11',
  );
});
