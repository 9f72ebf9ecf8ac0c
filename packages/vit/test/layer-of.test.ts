import { describe, expect, it } from 'vitest';
import { layerOf } from '../src/index.ts';

describe('layers of a classifier', () => {
  it('are those of the reference code: embedding, blocks, everything else', () => {
    const layer = layerOf(12);
    for (const [path, expected] of [
      ['encoder/cls', 0],
      ['encoder/patch/kernel', 0],
      ['encoder/blocks/0/norm1/scale', 1],
      ['encoder/blocks/11/mlp/out/kernel', 12],
      ['encoder/norm/scale', 13],
      ['head/kernel', 13],
    ] as const) {
      expect(layer(path), path).toBe(expected);
    }
  });

  it.each([
    'head/encoder/cls',
    'head/encoder/blocks/0/bias',
    'head/encoder/patch/kernel',
    'encoder/clsHead/kernel',
    'encoder/blocks/bias',
    'encoder/patches',
  ])('are the last for %s, which only looks like one of the encoder', (path) => {
    expect(layerOf(2)(path)).toBe(3);
  });

  it('end at the depth: a block beyond it is no deeper than the head', () => {
    expect(['encoder/blocks/2/', 'encoder/blocks/10/bias'].map(layerOf(2))).toEqual([3, 3]);
    expect(() => layerOf(0)).toThrow('layerOf: depth must be a positive integer, got 0');
  });
});
