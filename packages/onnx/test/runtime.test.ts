import { chooseBackend } from '@twocan/backend';
import {
  type CanConfig,
  type CanParams,
  canForwardWith,
  encode,
  initCan,
  plainDecoder,
  resolveCanConfig,
} from '@twocan/can';
import { type NamedArrays, namedToTree, treeToNamed } from '@twocan/checkpoint';
import { key, type Params } from '@twocan/core';
import { sampleMask } from '@twocan/masking';
import { expectClose } from '@twocan/testkit';
import { encodeImages } from '@twocan/vit';
import type { InferenceSession, Tensor as Value } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { encoderToOnnx, reconstructionToOnnx, roundedWeights, weightTypes } from '../src/index.ts';
import { drawImages, shaken } from './fixture.ts';

// The judge is ONNX Runtime, which has binaries for some machines only.
const loaded = await import('onnxruntime-node').catch((error: Error) => error);
const missing = loaded instanceof Error ? loaded.message.split('\n')[0] : undefined;
if (missing !== undefined) console.log(`skipped: ONNX Runtime cannot be loaded: ${missing}`);
const runtime = loaded as typeof import('onnxruntime-node');

type Feeds = { readonly [name: string]: readonly [Float32Array, readonly number[]] };

async function run(file: Uint8Array, feeds: Feeds): Promise<Readonly<Record<string, Value>>> {
  const options: InferenceSession.SessionOptions = { logSeverityLevel: 3, intraOpNumThreads: 1 };
  const session = await runtime.InferenceSession.create(file, options);
  const values = Object.entries(feeds).map(([name, [data, shape]]) => [
    name,
    new runtime.Tensor('float32', data, shape),
  ]);
  return session.run(Object.fromEntries(values));
}

const numbers = (value: Value | undefined): Float32Array => value?.data as Float32Array;

const image = { height: 8, width: 12 };
const configOf = (options: Partial<CanConfig> = {}, of = image): CanConfig =>
  resolveCanConfig({
    method: 'can',
    encoder: { image: of, patch: 4, width: 16, depth: 2, heads: 4 },
    decoder: { width: 8, depth: 1, heads: 2, mlpRatio: 4 },
    ...options,
  });

/** A masked autoencoder that is given the level of its noise. */
const ONE_VIEW = {
  views: 1,
  weights: { contrastive: 0, reconstruction: 0.7, denoising: 0.3 },
} as const;

const named = async (tree: unknown): Promise<NamedArrays> => treeToNamed(tree as Params);
const close = { rtol: 1e-5, atol: 1e-5 };

describe.skipIf(missing !== undefined)('in ONNX Runtime', () => {
  const config = configOf();
  let params: CanParams;
  let arrays: NamedArrays;
  beforeAll(async () => {
    await chooseBackend('cpu');
    params = shaken(initCan(key(0), config));
    arrays = await named(params);
  });

  it.each([
    [1, 8, 12],
    [3, 8, 12],
    [2, 16, 4],
    [1, 24, 40],
  ])('the encoder computes our tokens and features: %d images of %d x %d', async (...sizes) => {
    const [batch, height, width] = sizes;
    const { images, pixels } = drawImages(...sizes);
    const file = encoderToOnnx(arrays, config.encoder);
    const out = await run(file, { pixel_values: [pixels, [batch, 3, height, width]] });
    const sized = configOf({}, { height, width });
    const tokens = encodeImages(params.encoder, sized.encoder, images);
    expect(out.last_hidden_state?.dims).toEqual(tokens.shape);
    expectClose(numbers(out.last_hidden_state), tokens, close);
    expectClose(numbers(out.pooler_output), encode(sized)(params, images), close);
  });

  it('pools the class token too where features do', async () => {
    const { images, pixels } = drawImages(2, 8, 12);
    const file = encoderToOnnx(arrays, config.encoder, { pool: 'all' });
    const out = await run(file, { pixel_values: [pixels, [2, 3, 8, 12]] });
    const features = encode(config, { pool: 'all' })(params, images);
    expectClose(numbers(out.pooler_output), features, close);
  });

  it.each(weightTypes)('%s computes with the rounded weights', async (weights) => {
    const { images, pixels } = drawImages(2, 8, 12);
    const file = encoderToOnnx(arrays, config.encoder, { weights });
    const out = await run(file, { pixel_values: [pixels, [2, 3, 8, 12]] });
    const rounded = namedToTree(roundedWeights(arrays, weights)) as unknown as CanParams;
    const tokens = encodeImages(rounded.encoder, config.encoder, images);
    expectClose(numbers(out.last_hidden_state), tokens, close);
  });

  it.each([
    ['all', false],
    ['all', true],
    ['visible', false],
    ['visible', true],
    ['none', true],
    ['none', false],
  ] as const)(
    'the decoder fills in what is hidden: level at %s, class token %s',
    async (embed, embedCls) => {
      const own = configOf({ noise: { max: 0.05, scale: 1, embed, embedCls } });
      const weights = shaken(initCan(key(1), own));
      const decoder = plainDecoder(own)(weights);
      const all = { ...(await named({ encoder: weights.encoder })), ...(await named({ decoder })) };
      const file = reconstructionToOnnx(all, own.encoder, own.decoder);
      for (const [height, width] of [
        [8, 12],
        [16, 8],
      ] as const) {
        const sized = configOf({ ...ONE_VIEW, noise: own.noise }, { height, width });
        const patches = (height * width) / 16;
        const { images, pixels } = drawImages(3, height, width);
        const mask = sampleMask(key(2), { batch: 3, patches, ratio: 0.5 });
        const hidden = Float32Array.from(mask.restore, (place) => (place < mask.kept ? 0 : 1));
        const out = await run(file, {
          pixel_values: [pixels, [3, 3, height, width]],
          mask: [hidden, [3, patches]],
        });
        const draws = { mask, levels: new Float32Array(3) };
        const { predictions } = canForwardWith(sized)(weights, { views: [images] }, draws);
        expect(out.logits?.dims).toEqual([3, patches, 48]);
        expectClose(numbers(out.logits), predictions ?? [], close);
      }
    },
  );
});

it('names what is missing, and refuses what it does not know', async () => {
  const config = configOf();
  const params = await named(initCan(key(0), config));
  const { 'encoder/cls': _, ...without } = params;
  expect(() => encoderToOnnx(without, config.encoder)).toThrow(
    "encoderToOnnx: params must have 'encoder/cls' as F32, got nothing",
  );
  expect(() => encoderToOnnx(params, config.encoder, { weights: 'int4' as never })).toThrow(
    /^encoderToOnnx: weights must be one of fp32, fp16, int8/,
  );
  expect(() => encoderToOnnx(params, config.encoder, { pool: 'cls' as never })).toThrow(
    /^encoderToOnnx: pool must be 'patches' or 'all'/,
  );
});
