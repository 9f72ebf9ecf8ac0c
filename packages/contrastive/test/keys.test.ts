import { chooseBackend } from '@twocan/backend';
import { initProjector } from '@twocan/contrastive';
import { fold, key } from '@twocan/core';
import { initDense } from '@twocan/nn';
import { expect, it } from 'vitest';

// A seed gives the same parameters in every version: each layer draws from the fold of its index.
it('keys of a projection head are folded by layer', async () => {
  await chooseBackend('wasm');
  const { layers } = initProjector(key(1), {
    in: 4,
    hidden: 4,
    layers: 2,
    out: 4,
    batchNorm: false,
  });
  const drawn = layers.map(({ kernel }) => [...kernel.dataSync()]);
  expect(drawn).toEqual(
    [0, 1, 2].map((i) => [...initDense(fold(key(1), i), { in: 4, out: 4 }).kernel.dataSync()]),
  );
  expect(new Set(drawn.map(String)).size).toBe(3);
});
