import { add, mul, type Tensor, type Tensor3D, tensor3d, tensor4d } from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { initBlock, multiHeadAttention, transformerBlock } from '@twocan/nn';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { encodeBlocks } from '../src/encoder.ts';
import {
  attentionMap,
  classify,
  decodeTokens,
  encodeTokens,
  initClassifier,
  initDecoder,
  initEncoder,
  intermediates,
  type ViTConfig,
} from '../src/index.ts';

// Of an ε as large as the variance, whoever forgets it is far off.
const EPSILON = 0.5;
const config: ViTConfig = {
  image: { height: 4, width: 4 },
  channels: 3,
  patch: 2,
  width: 8,
  depth: 1,
  heads: 2,
  mlpRatio: 2,
  epsilon: EPSILON,
};

/** (x − mean) / √(variance + ε) of each row. */
function normalized(x: Tensor): number[] {
  const width = x.shape.at(-1) ?? 0;
  const values = [...x.dataSync()];
  return values.map((value, i) => {
    const row = values.slice(i - (i % width), i - (i % width) + width);
    const mean = row.reduce((sum, v) => sum + v, 0) / width;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
    return (value - mean) / Math.sqrt(variance + EPSILON);
  });
}

const draw = (seed: number, tokens: number): Tensor3D =>
  mul(0.7, tensor3d(normal(key(seed), 2 * tokens * 8), [2, tokens, 8])) as Tensor3D;

describeBackends("the config's ε", () => {
  const tokens = () => draw(1, 4);
  const images = () => tensor4d(normal(key(2), 96), [2, 4, 4, 3]);
  const close = { rtol: 1e-4, atol: 1e-5 };

  it("is in the encoder's last norm", () => {
    const params = { ...initEncoder(key(0), config), blocks: [] };
    const before = encodeBlocks(params, config, tokens());
    expectClose(encodeTokens(params, config, tokens()), normalized(before), close);
    const whole = initEncoder(key(0), config);
    const { blocks, encoded } = intermediates(whole, config, images());
    expectClose(encoded, normalized(blocks[0] as Tensor), close);
  });

  it('is in the norms of the blocks', () => {
    const params = initEncoder(key(0), config);
    const start = encodeBlocks({ ...params, blocks: [] }, config, tokens());
    const [block = initBlock(key(0), config)] = params.blocks;
    const expected = transformerBlock(block, { heads: 2, epsilon: EPSILON }, start);
    expectClose(encodeBlocks(params, config, tokens()), expected, close);
    // The block itself: attention of what the first norm gives.
    const attended = tensor3d(normalized(start), [2, 5, 8]);
    const after = multiHeadAttention(block.attention, { heads: 2 }, attended);
    const flat = { ...block, mlp: { ...block.mlp, out: zeroed(block.mlp.out) } };
    expectClose(
      transformerBlock(flat, { heads: 2, epsilon: EPSILON }, start),
      add(start, after),
      close,
    );
  });

  it('is in the decoder, the classifier and the maps of attention', () => {
    const encoder = initEncoder(key(0), config);
    const size = { width: 8, depth: 1, heads: 2, mlpRatio: 2 };
    const decoder = initDecoder(key(3), config, size);
    const classifier = initClassifier(key(4), encoder, { width: 8, classes: 3 });
    const outputs = (epsilon: number) => {
      const own = { ...config, epsilon };
      return [
        decodeTokens({ ...decoder, blocks: [] }, own, { ...size, depth: 0 }, draw(5, 5)),
        decodeTokens(decoder, own, size, draw(5, 5)),
        mul(1e4, classify(classifier, own, images())),
        attentionMap(encoder, own, images()),
      ].map((t) => [...t.dataSync()]);
    };
    const [large, small] = [outputs(EPSILON), outputs(1e-6)];
    large.forEach((values, i) => {
      const differs = values.map((x, j) => Math.abs(x - (small[i]?.[j] ?? Number.NaN)));
      expect(Math.max(...differs), `output ${i}`).toBeGreaterThan(1e-3);
    });
  });
});

const zeroed = <P extends { readonly kernel: Tensor; readonly bias: Tensor }>(layer: P): P => ({
  ...layer,
  kernel: mul(layer.kernel, 0),
});
