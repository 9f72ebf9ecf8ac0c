import {
  mean,
  type Scalar,
  square,
  type Tensor3D,
  type Tensor4D,
  tensor3d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { disposeTree, fold, key, normal, valueAndGrad } from '@twocan/core';
import { sincosPositions } from '@twocan/patches';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import {
  classify,
  type DecoderConfig,
  decodeTokens,
  embedPatches,
  encodeImages,
  initClassifier,
  initDecoder,
  initEncoder,
  layerOf,
  type ViTConfig,
} from '@twocan/vit';
import { expect, it } from 'vitest';

const config: ViTConfig = {
  image: { height: 8, width: 12 },
  channels: 3,
  patch: 4,
  width: 16,
  depth: 1,
  heads: 2,
  mlpRatio: 2,
  epsilon: 1e-6,
};
const light: DecoderConfig = { width: 8, depth: 1, heads: 2, mlpRatio: 2 };
const images = (): Tensor4D => tensor4d(normal(key(5), 2 * 8 * 12 * 3), [2, 8, 12, 3]);
const fixed = (width: number): Float32Array => sincosPositions({ rows: 2, columns: 3, width });

describeBackends('learned positions', () => {
  it('compute the same as fixed ones of the same numbers', () => {
    const encoder = initEncoder(key(0), config);
    const learned = { ...encoder, positions: tensor3d(fixed(16), [1, 6, 16]) };
    const plain = encodeImages(encoder, config, images());
    expect(encodeImages(learned, config, images()).dataSync()).toEqual(plain.dataSync());
    const decoder = initDecoder(key(0), config, light);
    const sequence = tensor3d(normal(key(6), 2 * 7 * 8), [2, 7, 8]);
    const table = new Float32Array(7 * 8);
    table.set(fixed(8), 8);
    const own = { ...decoder, positions: tensor3d(table, [1, 7, 8]) };
    expectClose(
      decodeTokens(own, config, light, sequence),
      decodeTokens(decoder, config, light, sequence),
      { atol: 1e-6 },
    );
  });

  it('are added to the patches, and get their gradient', () => {
    const { patch } = initEncoder(key(0), config);
    const positions = tensor3d(normal(key(7), 6 * 16), [1, 6, 16]);
    const loss = (params: { patch: typeof patch; positions: Tensor3D }) => ({
      loss: mean(square(embedPatches(params, config, images()))) as Scalar,
    });
    const { grads } = valueAndGrad(loss)({ patch, positions });
    const tokens = embedPatches({ patch, positions }, config, images());
    const [first, second] = [0, 1].map((b) => tokens.dataSync().subarray(b * 96, (b + 1) * 96));
    const wanted = Array.from(
      { length: 96 },
      (_, i) => ((first?.[i] ?? 0) + (second?.[i] ?? 0)) / 96,
    );
    expectClose(grads.positions, wanted, { atol: 1e-6 });
    const pixels = images();
    expectNoLeak(() => embedPatches({ patch, positions }, config, pixels));
  });

  it('stay with the encoder of a classifier, in its lowest layer', () => {
    const encoder = {
      ...initEncoder(key(0), config),
      positions: tensor3d(normal(key(7), 96), [1, 6, 16]),
    };
    const params = initClassifier(key(1), encoder, { width: 16, classes: 2 });
    expect(params.encoder.positions).toBe(encoder.positions);
    expect('norm' in params.encoder).toBe(false);
    const { positions: _, ...without } = params.encoder;
    const logits = classify(params, config, images()).dataSync();
    expect(classify({ ...params, encoder: without }, config, images()).dataSync()).not.toEqual(
      logits,
    );
    expect(layerOf(1)('encoder/positions')).toBe(0);
  });

  it('are refused where they are of another grid', () => {
    const encoder = initEncoder(key(0), config);
    const positions = tensor3d(new Float32Array(64), [1, 4, 16]);
    expect(() => embedPatches({ ...encoder, positions }, config, images())).toThrow(
      /^embedPatches: params.positions must/,
    );
    const decoder = { ...initDecoder(fold(key(0), 'd'), config, light), positions };
    const sequence = tensor3d(new Float32Array(56), [1, 7, 8]);
    expect(() => decodeTokens(decoder, config, light, sequence)).toThrow(
      /^decodeTokens: params.positions must/,
    );
    disposeTree(encoder);
  });
});
