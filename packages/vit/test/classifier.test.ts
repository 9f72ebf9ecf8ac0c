import { memory, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { disposeTree, key, valueAndGrad } from '@twocan/core';
import { softTargetCrossEntropy } from '@twocan/ops';
import {
  describeBackends,
  expectClose,
  expectNoLeak,
  expectTreeClose,
  loadGolden,
} from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import {
  attentionMap,
  type ClassifierParams,
  classify,
  initClassifier,
  initEncoder,
  sampleDropPath,
  type ViTConfig,
} from '../src/index.ts';

const golden = loadGolden('classifier');
const config = golden.config<ViTConfig>('encoder');
const factors = golden.config<Record<'attention' | 'mlp', number[][]>>('paths');
const paths = [0, 1].map((i) => ({
  attention: Float32Array.from(factors.attention[i] ?? []),
  mlp: Float32Array.from(factors.mlp[i] ?? []),
}));

describeBackends('classify against PyTorch', () => {
  it('whole images: scores without stochastic depth', () => {
    const params = golden.tree('params') as ClassifierParams;
    const images = golden.tensor('images') as Tensor4D;
    expectClose(classify(params, config, images), golden.values('whole'), { rtol: 1e-4 });
    expectNoLeak(() => classify(params, config, images));
  });

  it('given branches and mixed labels: loss and the gradient of every parameter', () => {
    const params = golden.tree('params') as ClassifierParams;
    const images = golden.tensor('images') as Tensor4D;
    const targets = golden.tensor('targets') as Tensor2D;
    const { loss, grads, unused } = valueAndGrad((p: ClassifierParams) => ({
      loss: softTargetCrossEntropy(classify(p, config, images, paths), targets),
    }))(params);
    expectClose(loss, golden.values('loss'), { rtol: 1e-5 });
    expect(unused).toEqual([]);
    expectTreeClose(grads, golden, 'grads', 1e-4);
  });
});

describeBackends('attentionMap against PyTorch', () => {
  it('of the class token, and of the patches on average', () => {
    const { encoder } = golden.tree('params') as ClassifierParams;
    const images = golden.tensor('images') as Tensor4D;
    for (const from of ['cls', 'patches'] as const) {
      const maps = attentionMap(encoder, config, images, { from });
      expect(maps.shape).toEqual(golden.shape(`attention/${from}`));
      expectClose(maps, golden.values(`attention/${from}`), { rtol: 1e-4 }, from);
    }
    expectNoLeak(() => attentionMap(encoder, config, images));
    expect(() => attentionMap(encoder, config, images, { block: 2 })).toThrow(
      'attentionMap: block must be one of 0 to 1, got 2',
    );
  });
});

describe('sampleDropPath', () => {
  it('drops more the deeper, and keeps the mean', () => {
    const drawn = sampleDropPath(key(1), { batch: 20_000, depth: 3, rate: 0.4 });
    drawn.forEach(({ attention, mlp }, i) => {
      for (const branch of [attention, mlp]) {
        const dropped = branch.filter((x) => x === 0).length / branch.length;
        const mean = branch.reduce((a, b) => a + b, 0) / branch.length;
        // Five deviations of a share of 20,000 draws.
        expect(Math.abs(dropped - 0.2 * i)).toBeLessThan(0.018);
        expect(Math.abs(mean - 1)).toBeLessThan(0.03);
      }
    });
    expect(drawn[2]?.attention).not.toEqual(drawn[2]?.mlp);
    expect(sampleDropPath(key(1), { batch: 20_000, depth: 3, rate: 0.4 })).toEqual(drawn);
  });

  it('refuses a rate of 1', () => {
    expect(() => sampleDropPath(key(0), { batch: 1, depth: 1, rate: 1 })).toThrow(
      'sampleDropPath: rate must lie in [0, 1), got 1',
    );
  });
});

describeBackends('initClassifier', () => {
  it('begins with all classes alike, and owns norm and head alone', () => {
    const before = memory().numTensors;
    const encoder = initEncoder(key(0), config);
    const params = initClassifier(key(0), encoder, { width: config.width, classes: 7 });
    const images = golden.tensor('images') as Tensor4D;
    const logits = classify(params, config, images);
    expect(logits.shape).toEqual([4, 7]);
    expectClose(logits, new Float32Array(28), { atol: 1e-3 });
    disposeTree([encoder, params.norm, params.head, images, logits]);
    expect(memory().numTensors).toBe(before);
  });
});
