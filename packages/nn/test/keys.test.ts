import type { Tensor } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { fold, type Key, key, namedLeaves, type Params, uniform } from '@twocan/core';
import { initAttention, initBlock, initDense, initMlp } from '@twocan/nn';
import { beforeAll, describe, expect, it } from 'vitest';

const values = (params: Params): [string, number[]][] =>
  namedLeaves<Tensor>(params).map(([path, leaf]) => [path, [...leaf.dataSync()]]);

// A seed gives the same parameters in every version: each part draws from the fold of its name.
describe('keys of parameters', () => {
  beforeAll(async () => {
    await chooseBackend('wasm');
  });

  const own = (root: Key, ...names: string[]): Key =>
    names.reduce((of, name) => fold(of, name), root);

  it('of a dense layer', () => {
    const bound = Math.sqrt(6 / 5);
    const drawn = uniform(own(key(1), 'kernel'), 6).map((u) => (2 * u - 1) * bound);
    expect([...initDense(key(1), { in: 2, out: 3 }).kernel.dataSync()]).toEqual([...drawn]);
  });

  it('of attention, perceptron and block', () => {
    const size = { width: 4, mlpRatio: 2 };
    expect(values(initAttention(key(1), size) as Params)).toEqual(
      values({
        qkv: initDense(own(key(1), 'qkv'), { in: 4, out: 12 }),
        out: initDense(own(key(1), 'out'), { in: 4, out: 4 }),
      }),
    );
    expect(values(initMlp(key(1), size) as Params)).toEqual(
      values({
        hidden: initDense(own(key(1), 'hidden'), { in: 4, out: 8 }),
        out: initDense(own(key(1), 'out'), { in: 8, out: 4 }),
      }),
    );
    const { attention, mlp } = initBlock(key(1), size);
    expect(values({ attention, mlp } as Params)).toEqual(
      values({
        attention: initAttention(own(key(1), 'attention'), size),
        mlp: initMlp(own(key(1), 'mlp'), size),
      } as Params),
    );
  });
});
