import type { Tensor } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { fold, type Key, key, namedLeaves, normal, type Params, uniform } from '@twocan/core';
import { initBlock, initDense } from '@twocan/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import { initToken } from '../src/encoder.ts';
import {
  initClassifier,
  initDecoder,
  initEncoder,
  sampleDropPath,
  type ViTConfig,
} from '../src/index.ts';

const config: ViTConfig = {
  image: { height: 4, width: 4 },
  channels: 3,
  patch: 2,
  width: 8,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  epsilon: 1e-6,
};

const values = (params: Params): [string, number[]][] =>
  namedLeaves<Tensor>(params).map(([path, leaf]) => [path, [...leaf.dataSync()]]);

/** Random leaves, as text: a key that two of them share shows as a pair of equals. */
const drawn = (params: Params): string[] =>
  values(params).flatMap(([, leaf]) => (new Set(leaf).size > 1 ? [leaf.slice(0, 4).join()] : []));

// A seed gives the same parameters in every version: each part draws from the fold of its name.
describe('keys of parameters', () => {
  beforeAll(async () => {
    await chooseBackend('wasm');
  });

  const size = { width: 8, mlpRatio: 2 };
  const blocksOf = (root: Key) =>
    [0, 1].map((i) => initBlock(fold(fold(root, 'blocks'), i), size)) as Params;

  it('of an encoder', () => {
    const { norm: _, ...params } = initEncoder(key(3), config);
    expect(values(params as Params)).toEqual(
      values({
        patch: initDense(fold(key(3), 'patch'), { in: 12, out: 8 }),
        cls: initToken(fold(key(3), 'cls'), 8),
        blocks: blocksOf(key(3)),
      }),
    );
    expect(new Set(drawn(params as Params)).size).toBe(2 + 2 * 4);
  });

  it('of a decoder', () => {
    const decoder = { width: 8, depth: 2, heads: 2, mlpRatio: 2 };
    const { norm: _, ...params } = initDecoder(key(3), config, decoder);
    expect(values(params as Params)).toEqual(
      values({
        embed: initDense(fold(key(3), 'embed'), { in: 8, out: 8 }),
        mask: initToken(fold(key(3), 'mask'), 8),
        blocks: blocksOf(key(3)),
        head: initDense(fold(key(3), 'head'), { in: 8, out: 12 }),
      }),
    );
    expect(new Set(drawn(params as Params)).size).toBe(3 + 2 * 4);
  });

  it('of a token and of a head', () => {
    const own = (root: Key, scale: number) => Array.from(normal(root, 8), (z) => scale * z);
    const near = (got: Tensor, want: number[]) =>
      expect([...got.dataSync()]).toEqual([...Float32Array.from(want)]);
    near(initToken(key(5), 8), own(key(5), 0.02));
    const { head } = initClassifier(key(5), initEncoder(key(0), config), { width: 8, classes: 1 });
    near(head.kernel, own(fold(key(5), 'head'), 2e-5));
  });
});

it('keys of stochastic depth are folded by block and branch', () => {
  const rate = 0.5;
  const paths = sampleDropPath(key(1), { batch: 32, depth: 3, rate });
  paths.forEach((scales, i) => {
    for (const branch of ['attention', 'mlp'] as const) {
      const dropped = (rate * i) / 2;
      const kept = Array.from(uniform(fold(fold(key(1), i), branch), 32), (u) => u >= dropped);
      expect(Array.from(scales[branch], (x) => x > 0)).toEqual(kept);
    }
  });
});
