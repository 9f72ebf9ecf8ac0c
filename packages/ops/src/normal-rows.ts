import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { expectInteger, expectKey, expectType, type Key, normal } from '@twocan/core';
import { defineOp } from './define.ts';

type Rows = {
  /** The keys' `hi` and `lo`. */
  readonly words: readonly number[];
  readonly levels: readonly number[];
  readonly size: number;
};

const op = defineOp({
  name: 'normalRows',
  outputs: ['y'],
  forward: (_: Readonly<Record<string, never>>, { words, levels, size }: Rows) => {
    const values = new Float32Array(levels.length * size);
    for (const [b, level] of levels.entries()) {
      const drawn = normal({ hi: words[2 * b] ?? 0, lo: words[2 * b + 1] ?? 0 }, size);
      for (let i = 0; i < size; i++) values[b * size + i] = level * (drawn[i] ?? 0);
    }
    return { y: tensor2d(values, [levels.length, size]) };
  },
});

/**
 * Rows of Gaussian noise, each of a key and a deviation of its own: row b is `levels[b] · normal(keys[b])`.
 *
 * The numbers are those of {@link normal}, bit by bit, whichever backend draws them. A backend may register
 * the kernel `twocan.normalRows`, which takes the attributes `words` (the keys' `hi` and `lo`, `[2B]`),
 * `levels` and `size`.
 *
 * @param keys B keys
 * @param levels σ of each row, `[B]`
 * @param size D
 * @returns `[B, D]`
 * @throws RangeError if there is not one level for each key
 * @example
 * normalRows([key(0), key(1)], Float32Array.of(1, 0.5), 8); // [2, 8]
 */
export function normalRows(keys: readonly Key[], levels: Float32Array, size: number): Tensor2D {
  expectType('normalRows', 'keys', keys, Array);
  keys.forEach((key, b) => {
    expectKey('normalRows', `keys[${b}]`, key);
  });
  expectType('normalRows', 'levels', levels, Float32Array);
  expectInteger('normalRows', 'size', size, 0);
  if (levels.length !== keys.length) {
    throw new RangeError(
      `normalRows: levels must hold one σ for each of ${keys.length} keys, got ${levels.length}`,
    );
  }
  const words = keys.flatMap(({ hi, lo }) => [hi, lo]);
  return op({}, { words, levels: Array.from(levels), size }).y;
}
