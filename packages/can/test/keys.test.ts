import type { Tensor } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { drawCorruption, initCan } from '@twocan/can';
import { initProjector } from '@twocan/contrastive';
import { fold, type Key, key, namedLeaves, type Params } from '@twocan/core';
import { sampleMask } from '@twocan/masking';
import { initLevelMlp, sampleLevel, sampleNoise } from '@twocan/noise';
import { initDecoder, initEncoder } from '@twocan/vit';
import { beforeAll, describe, expect, it } from 'vitest';
import { images, small } from './fixture.ts';

const values = (params: Params): [string, number[]][] =>
  namedLeaves<Tensor>(params).map(([path, leaf]) => [path, [...leaf.dataSync()]]);

// A seed gives the same run in every version: what is random draws from the fold of its name.
describe('keys', () => {
  beforeAll(async () => {
    await chooseBackend('wasm');
  });

  it('of parameters are folded by part', () => {
    const config = small();
    const root = key(2);
    const { encoder, decoder, projector } = config;
    expect(values(initCan(root, config) as Params)).toEqual(
      values({
        encoder: initEncoder(fold(root, 'encoder'), encoder),
        decoder: initDecoder(fold(root, 'decoder'), encoder, decoder),
        projector: initProjector(fold(root, 'projector'), { in: 16, ...projector }),
        level: initLevelMlp(fold(root, 'level'), { width: 16 }),
      } as Params),
    );
  });

  it('of draws are folded by kind and view', () => {
    const config = small();
    const views = [images(1, 3), images(1, 3)];
    const { mask, levels, noise } = drawCorruption(key(5), config, { views });
    const both = <T>(of: (v: number) => ArrayLike<T>): T[] =>
      [0, 1].flatMap((v) => Array.from(of(v)));
    const own = (name: string, v: number): Key => fold(fold(key(5), name), v);
    const levelsOf = (v: number) => sampleLevel(own('level', v), 3, { max: config.noise.max });
    expect([...(levels ?? [])]).toEqual(both(levelsOf));
    const patches = { batch: 3, patches: 16, ratio: config.maskRatio };
    expect([...(mask?.keep ?? [])]).toEqual(both((v) => sampleMask(own('mask', v), patches).keep));
    expect([...(noise?.dataSync() ?? [])]).toEqual(
      both((v) => sampleNoise(own('noise', v), images(1, 3), levelsOf(v)).dataSync()),
    );
    expect(new Set(levels).size).toBe(6);
  });
});
