import {
  add,
  matMul,
  mean,
  mul,
  pad,
  slice,
  sub,
  type Tensor,
  type Tensor3D,
  tensor2d,
  tensor3d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { dense, initBlock, multiHeadAttention, transformerBlock } from '@twocan/nn';
import { attentionWeights } from '@twocan/ops';
import { describeBackends, expectClose } from '@twocan/testkit';
import { it } from 'vitest';
import { encodeBlocks, positions } from '../src/encoder.ts';
import {
  attentionMap,
  classify,
  decodeTokens,
  embedPatches,
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
    const start = encodeBlocks(
      { ...whole, blocks: [] },
      config,
      embedPatches(whole, config, images()),
    );
    const [block = initBlock(key(0), config)] = whole.blocks;
    const { blocks, encoded } = intermediates(whole, config, images());
    const expected = transformerBlock(block, { heads: 2, epsilon: EPSILON }, start);
    expectClose(blocks[0] as Tensor, expected, close);
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

  it('is in the decoder', () => {
    const size = { width: 8, depth: 1, heads: 2, mlpRatio: 2 };
    const params = initDecoder(key(3), config, size);
    const x = draw(5, 5);
    const bare = (sequence: Tensor3D): Tensor3D =>
      decodeTokens({ ...params, blocks: [] }, config, size, sequence);
    const placed = add(x, places()) as Tensor3D;
    const normed = tensor3d(normalized(placed), [2, 5, 8]);
    expectClose(bare(x), slice(dense(params.head, normed), [0, 1, 0], [2, 4, 12]), close);
    const [block = initBlock(key(0), config)] = params.blocks;
    const after = transformerBlock(block, { heads: 2, epsilon: EPSILON }, placed);
    expectClose(decodeTokens(params, config, size, x), bare(sub(after, places())), close);
  });

  it('is in the classifier and the maps of attention', () => {
    const encoder = initEncoder(key(0), config);
    const { norm, head } = initClassifier(key(4), encoder, { width: 8, classes: 3 });
    const kernel = mul(1e5, head.kernel) as typeof head.kernel;
    const params = { encoder: { ...encoder, blocks: [] }, norm, head: { ...head, kernel } };
    const tokens = embedPatches(encoder, config, images());
    const pooled = tensor2d(normalized(mean(tokens, 1)), [2, 8]);
    expectClose(classify(params, config, images()), matMul(pooled, kernel), close);

    const start = encodeBlocks({ ...encoder, blocks: [] }, config, tokens);
    const [block = initBlock(key(0), config)] = encoder.blocks;
    const qkv = dense(block.attention.qkv, tensor3d(normalized(start), [2, 5, 8])) as Tensor3D;
    const weights = slice(attentionWeights(qkv, 2), [0, 0, 0, 1], [2, 2, 1, 4]);
    const maps = attentionMap(encoder, config, images(), { from: 'cls' });
    expectClose(maps, weights, close);
  });
});

/** Of the class token, which has none, and of the patches. */
const places = (): Tensor3D =>
  pad(positions(config, 8), [
    [0, 0],
    [1, 0],
    [0, 0],
  ]) as Tensor3D;

const zeroed = <P extends { readonly kernel: Tensor; readonly bias: Tensor }>(layer: P): P => ({
  ...layer,
  kernel: mul(layer.kernel, 0),
});
