import { grads, ones, type Tensor, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { key, normal, permutation } from '@twocan/core';
import { gatherTokens, scatterTokens } from '@twocan/ops';
import { checkGradient, describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const draw = (seed: number, ...shape: [number, number, number]): Tensor3D =>
  tensor3d(normal(key(seed), shape[0] * shape[1] * shape[2]), shape);

/** Sizes and, for each image, a permutation of its tokens. */
const masks = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  tokens: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 5 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  seed: fc.nat(1000),
});
type Sizes = { batch: number; tokens: number; width: number; share: number; seed: number };

function orders({ batch, tokens, share, seed }: Sizes) {
  const count = Math.max(1, Math.floor(tokens * share));
  const shuffles = Array.from({ length: batch }, (_, b) => permutation(key(seed + b), tokens));
  const keep = Int32Array.from(shuffles.flatMap((order) => Array.from(order.slice(0, count))));
  const restore = Int32Array.from(
    shuffles.flatMap((order) => Array.from(order, (_, token) => order.indexOf(token))),
  );
  return { count, keep, restore };
}

describeBackends('tokens', () => {
  it('gathers rows of each image and scatters them back', () => {
    fc.assert(
      fc.property(masks, (sizes) => {
        const { batch, tokens, width } = sizes;
        const { count, keep, restore } = orders(sizes);
        const x = draw(1, batch, tokens, width);
        const values = x.dataSync();
        const kept = gatherTokens(x, keep, count);
        expect(kept.shape).toEqual([batch, count, width]);
        const row = (b: number, token: number): number[] =>
          Array.from(values.slice((b * tokens + token) * width, (b * tokens + token + 1) * width));
        expectClose(kept, Array.from(keep, (token, i) => row(Math.floor(i / count), token)).flat());
        const fill = draw(2, 1, 1, width);
        const back = scatterTokens(kept, fill, restore, tokens);
        expect(back.shape).toEqual([batch, tokens, width]);
        const fillValues = Array.from(fill.dataSync());
        expectClose(
          back,
          Array.from(restore, (rank, i) =>
            rank < count ? row(Math.floor(i / tokens), i % tokens) : fillValues,
          ).flat(),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('has the gradient of central differences', () => {
    const { count, keep, restore } = orders({ batch: 3, tokens: 5, width: 2, share: 0.5, seed: 9 });
    checkGradient((x) => gatherTokens(x as Tensor3D, keep, count), [draw(1, 3, 5, 2)]);
    checkGradient(
      (x, fill) => scatterTokens(x as Tensor3D, fill as Tensor, restore, 5),
      [draw(1, 3, count, 2), draw(2, 1, 1, 2)],
    );
  });

  it('names what does not fit', () => {
    const x = ones([1, 3, 2]) as Tensor3D;
    const fill = ones([1, 1, 2]);
    expect(() => gatherTokens(x, Int32Array.of(0, 3), 2)).toThrow(
      'gatherTokens: indices must hold',
    );
    expect(() => gatherTokens(x, Int32Array.of(1, 1), 2)).toThrow('got row 1 twice');
    expect(() => scatterTokens(x, fill, Int32Array.of(0, 1), 3)).toThrow(
      'scatterTokens: restore must hold 1·3 ranks',
    );
    expect(() => scatterTokens(x, ones([1, 1, 3]), Int32Array.of(0, 1, 2), 3)).toThrow(
      'scatterTokens: fill must have shape [1, 1, 2], got [1, 1, 3]',
    );
  });

  it('leaks nothing', () => {
    const { count, keep, restore } = orders({ batch: 2, tokens: 4, width: 3, share: 0.5, seed: 3 });
    const [x, kept, fill] = [draw(1, 2, 4, 3), draw(2, 2, 2, 3), draw(3, 1, 1, 3)];
    expectNoLeak(() => gatherTokens(x, keep, count));
    expectNoLeak(() => grads((t: Tensor) => gatherTokens(t as Tensor3D, keep, count))([x]));
    expectNoLeak(() => scatterTokens(kept, fill, restore, 4));
    expectNoLeak(() =>
      grads((t: Tensor, f: Tensor) => scatterTokens(t as Tensor3D, f, restore, 4))([kept, fill]),
    );
  });
});
