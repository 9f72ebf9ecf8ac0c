import {
  cast,
  dispose,
  mean,
  reverse,
  slice,
  square,
  sum,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { disposeTree, fold, key, namedLeaves, normal, valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import {
  type DecoderConfig,
  decodeTokens,
  type EncoderParams,
  embedForDecoder,
  embedPatches,
  encodeImages,
  encodeTokens,
  initDecoder,
  initEncoder,
  intermediates,
  type ViTConfig,
} from '@twocan/vit';
import { expect, it } from 'vitest';

// Not square, five channels: nothing may assume otherwise.
const config: ViTConfig = {
  image: { height: 8, width: 12 },
  channels: 5,
  patch: 4,
  width: 16,
  depth: 2,
  heads: 2,
  mlpRatio: 4,
  epsilon: 1e-6,
};
const light: DecoderConfig = { width: 8, depth: 1, heads: 2, mlpRatio: 4 };
const images = (batch: number): Tensor4D =>
  tensor4d(normal(key(5), batch * 8 * 12 * 5), [batch, 8, 12, 5]);

describeBackends('encoder', () => {
  it('names its parameters as checkpoints do', () => {
    const params = initEncoder(key(0), config);
    const names = namedLeaves<Tensor>(params).map(([path, { shape }]) => `${path} [${shape}]`);
    expect(names).toContain('patch/kernel [80,16]');
    expect(names).toContain('cls [1,1,16]');
    expect(names).toContain('blocks/1/attention/qkv/kernel [16,48]');
    expect(names).toContain('blocks/0/mlp/out/bias [16]');
    expect(names).toHaveLength(2 + 1 + 2 * 12 + 2);
    disposeTree(params);
  });

  it('is drawn from the key: the same key, the same weights', () => {
    const [a, b, c] = [key(0), key(0), key(1)].map((k) =>
      initEncoder(k, config),
    ) as EncoderParams[];
    const kernel = (p: EncoderParams | undefined): Float32Array =>
      p?.blocks[1]?.mlp.out.kernel.dataSync() as Float32Array;
    expect(kernel(a)).toEqual(kernel(b));
    expect(kernel(a)).not.toEqual(kernel(c));
  });

  it.each(['int32', 'bool'] as const)('takes pixels of %s', (dtype) => {
    const params = initEncoder(key(0), config);
    const pixels = cast(
      tensor4d(
        normal(key(5), 480).map((z) => Math.abs(3 * z)),
        [1, 8, 12, 5],
      ),
      dtype,
    );
    const floats = cast(pixels, 'float32');
    expectClose(encodeImages(params, config, pixels), encodeImages(params, config, floats));
  });

  it('encodes images as their tokens, and reports each block', () => {
    const [params, x] = [initEncoder(key(0), config), images(2)];
    const whole = encodeImages(params, config, x);
    expect(whole.shape).toEqual([2, 7, 16]);
    expectClose(encodeTokens(params, config, embedPatches(params, config, x)), whole, {
      atol: 1e-6,
    });
    const { blocks, encoded } = intermediates(params, config, x);
    expect(blocks.map(({ shape }) => shape)).toEqual([
      [2, 7, 16],
      [2, 7, 16],
    ]);
    expectClose(encoded, whole, { atol: 1e-6 });
  });

  it('does not care for the order of tokens that carry their positions', () => {
    const [params, x] = [initEncoder(key(0), config), images(1)];
    const tokens = embedPatches(params, config, x);
    const first = slice(tokens, [0, 0, 0], [1, 3, 16]);
    const encoded = encodeTokens(params, config, first as Tensor3D);
    const swapped = encodeTokens(params, config, reverse(first, 1) as Tensor3D);
    expectClose(slice(swapped, [0, 0, 0], [1, 1, 16]), slice(encoded, [0, 0, 0], [1, 1, 16]), {
      atol: 1e-5,
    });
  });

  it('sends a gradient to every parameter', () => {
    const params = {
      encoder: initEncoder(key(0), config),
      decoder: initDecoder(fold(key(0), 'decoder'), config, light),
    };
    const { grads, unused, loss } = valueAndGrad((p: typeof params, x: Tensor4D) => {
      const encoded = embedForDecoder(p.decoder, encodeImages(p.encoder, config, x));
      return { loss: mean(square(decodeTokens(p.decoder, config, light, encoded))) };
    })(params, images(2));
    // Nothing is hidden here, so only the mask token is idle.
    expect(unused).toEqual(['decoder/mask']);
    for (const [path, grad] of namedLeaves<Tensor>(grads)) {
      if (path !== 'decoder/mask') expect(sum(square(grad)).dataSync()[0], path).toBeGreaterThan(0);
    }
    dispose(loss);
  });

  it('leaks nothing', () => {
    const [params, x] = [initEncoder(key(0), config), images(1)];
    const decoder = initDecoder(key(1), config, light);
    const tokens = embedPatches(params, config, x);
    const encoded = encodeImages(params, config, x);
    const embedded = embedForDecoder(decoder, encoded);
    expectNoLeak(() => initEncoder(key(0), config) as never);
    expectNoLeak(() => initDecoder(key(0), config, light) as never);
    expectNoLeak(() => embedPatches(params, config, x));
    expectNoLeak(() => encodeTokens(params, config, tokens));
    expectNoLeak(() => encodeImages(params, config, x));
    expectNoLeak(() => intermediates(params, config, x) as never);
    expectNoLeak(() => embedForDecoder(decoder, encoded));
    expectNoLeak(() => decodeTokens(decoder, config, light, embedded));
  });

  it('says what does not fit', () => {
    const params = initEncoder(key(0), config);
    const wrong = tensor4d(new Float32Array(8 * 8 * 5), [1, 8, 8, 5]);
    expect(() => encodeImages(params, config, wrong)).toThrow(
      'embedPatches: images must have shape [*, 8, 12, 5], got [1, 8, 8, 5]',
    );
  });
});
