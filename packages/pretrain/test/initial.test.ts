import { memory, type Tensor, tensor3d } from '@tensorflow/tfjs-core';
import type { CanParams } from '@twocan/can';
import { disposeTree, namedLeaves, type Params } from '@twocan/core';
import { freshParams, resolveConfig, startingParams } from '@twocan/pretrain';
import { describeBackends } from '@twocan/testkit';
import { disposeState } from '@twocan/trainer';
import { preset } from '@twocan/vit';
import { describe, expect, it } from 'vitest';
import { lossesOf, run, small, smallConfig } from './small.ts';

const numbersOf = (tree: object): Record<string, string> =>
  Object.fromEntries(
    namedLeaves<Tensor>(tree as Params).map(([path, leaf]) => [path, String(leaf.dataSync())]),
  );

describeBackends('weights to begin with', () => {
  it('give each part that fits, and learned positions; the others are drawn', () => {
    const config = smallConfig();
    const before = memory().numTensors;
    const other = freshParams({ ...config, seed: 6 });
    const positions = tensor3d(new Float32Array(4 * 8).fill(0.5), [1, 4, 8]);
    const { decoder, projector, ...rest } = other;
    const wide = { layers: projector?.layers.slice(1) ?? [] };
    const weights = { ...rest, encoder: { ...rest.encoder, positions }, projector: wide };
    const { params, taken, drawn } = startingParams(config, weights);
    expect([taken, drawn]).toEqual([
      ['encoder', 'level'],
      ['decoder', 'projector'],
    ]);
    expect(numbersOf(params.encoder)).toEqual(numbersOf(weights.encoder));
    const own = freshParams(config);
    expect(numbersOf(params.decoder ?? {})).toEqual(numbersOf(own.decoder ?? {}));
    disposeTree([params, other, own, positions]);
    expect(memory().numTensors).toBe(before);
  });

  it('are refused without an encoder that fits', () => {
    const config = smallConfig();
    const { encoder, ...others } = freshParams(config);
    expect(() => startingParams(config, others)).toThrow(/weights must have encoder/);
    const before = memory().numTensors;
    const shallow = { ...others, encoder: { ...encoder, blocks: [] } };
    expect(() => startingParams(config, shallow as CanParams)).toThrow(
      'startingParams: weights must have an encoder of the sizes of config',
    );
    expect(memory().numTensors).toBe(before);
  });

  it('are what a run begins with and is compared to, and stay the caller’s', async () => {
    const config = smallConfig();
    const initial = freshParams({ ...config, seed: 6 });
    const kept = numbersOf(initial);
    const events = await run(config, { ...small(), initial });
    expect(numbersOf(initial)).toEqual(kept);
    const plain = await run(config, small());
    expect(lossesOf(events)[0]).not.toBe(lossesOf(plain)[0]);
    const same = await run(config, { ...small(), initial: freshParams(config) });
    expect(lossesOf(same)).toEqual(lossesOf(plain));
    for (const event of [...events, ...plain, ...same]) {
      if (event.type === 'done') disposeState(event.state);
    }
  });
});

describe('resolveConfig of weights', () => {
  const { encoder } = preset('s16');
  const normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

  it('takes their sizes and normalisation, and the rate of a large preset', () => {
    const start = { encoder, normalization };
    const config = resolveConfig({ batch: 256, imageSize: 32 }, { length: 256 }, start);
    expect(config.model.encoder).toEqual({ ...encoder, image: { height: 32, width: 32 } });
    expect(config.normalization).toBe(normalization);
    expect([config.preset, config.optimizer.learningRate]).toEqual(['weights', 2.5e-4]);
    // That of the smallest preset whose encoder is as wide.
    expect(config.model.decoder).toEqual(preset('small32').decoder);
  });

  it('keeps a decoder that is there', () => {
    const decoder = { width: 24, depth: 3, heads: 2, mlpRatio: 2 };
    const config = resolveConfig({}, { length: 4 }, { encoder, decoder, normalization });
    expect(config.model.decoder).toEqual(decoder);
  });
});
