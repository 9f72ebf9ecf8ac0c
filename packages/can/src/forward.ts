import {
  add,
  clone,
  concat,
  mean,
  mul,
  reshape,
  slice,
  sub,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import { project } from '@twocan/contrastive';
import {
  type Communicator,
  expectKey,
  expectOptions,
  type Key,
  solo,
  stopGradient,
} from '@twocan/core';
import { keepTokens, type Mask, restoreTokens, visibleWeights } from '@twocan/masking';
import { encodeLevel, levelMlp } from '@twocan/noise';
import { linear } from '@twocan/ops';
import { patchify } from '@twocan/patches';
import { decodeTokens, embedForDecoder, embedPatches, encodeTokens } from '@twocan/vit';
import { type CanConfig, choicesOf, type Pooling } from './config.ts';
import { predictNoise } from './denoiser.ts';
import { drawsFor, expectDrawsOf } from './draws.ts';
import { expectCanConfig, expectCanParams } from './expect.ts';
import type { CanBatch, CanParams } from './params.ts';
import type { DrawnForward, Draws, Forward, Need, Teacher } from './parts.ts';
import { expectBatch } from './views.ts';

/**
 * Runs the model on a batch and returns its parts, for pictures and inspection.
 *
 * @param config the method
 * @returns `(params, batch, key) → { forward, mask, levels }`; the caller disposes `forward`
 * @example
 * const { forward, mask } = canForward(config)(params, { views: [a, b] }, key(0));
 * dispose(forward);
 */
export function canForward(
  config: CanConfig,
): (params: CanParams, batch: CanBatch, key: Key) => DrawnForward {
  expectCanConfig('canForward', config);
  return (params, batch, key) => {
    expectCanParams('canForward', params);
    expectKey('canForward', 'key', key);
    expectBatch('canForward', config, batch);
    // Only the noise is a tensor; masks and levels outlive the tidy.
    let draws: Draws = {};
    const forward = tidy(() => {
      draws = drawsFor(key, config, batch);
      return ownTensors(config, params, batch, draws);
    });
    const { mask, levels } = draws;
    return { forward, ...(mask && { mask }), ...(levels && { levels }) };
  };
}

/**
 * {@link canForward} with masks, levels and noise given: no randomness at all.
 *
 * @param config the method
 * @returns `(params, batch, draws) → Forward`; the caller disposes it with `tf.dispose`
 * @example
 * const forward = canForwardWith(config)(params, { views: [a] }, { mask });
 */
export function canForwardWith(
  config: CanConfig,
): (params: CanParams, batch: CanBatch, draws: Draws) => Forward {
  expectCanConfig('canForwardWith', config);
  return (params, batch, draws) => {
    expectCanParams('canForwardWith', params);
    expectBatch('canForwardWith', config, batch);
    expectOptions('canForwardWith', 'draws', draws, []);
    return tidy(() => ownTensors(config, params, batch, draws));
  };
}

/** Everything that there are parameters for. */
const EVERY: ReadonlySet<Need> = new Set([
  'embeddings',
  'predictions',
  'noisePredictions',
  'mask',
  'noise',
]);

function ownTensors(config: CanConfig, params: CanParams, batch: CanBatch, draws: Draws): Forward {
  const parts = forwardTensors(config, params, batch, draws, EVERY);
  // Without noise the two are one tensor; the caller gets one of each to dispose.
  return { ...parts, noisy: clone(parts.noisy) };
}

/**
 * The embeddings of the two views alone, without decoding: the first pass over a batch in shards.
 *
 * @param config a method that contrasts views
 * @returns `(params, batch, draws) → { a, b }`, `[B, Z]` each
 * @throws RangeError if the batch does not fit the config, or the config has no projector
 * @example
 * const { a, b } = canEmbeddings(config)(params, { views: [x, y] }, draws);
 * const loss = infoNCE(a, b, { temperature: config.temperature });
 */
export function canEmbeddings(
  config: CanConfig,
): (params: CanParams, batch: CanBatch, draws: Draws) => NonNullable<Forward['embeddings']> {
  expectCanConfig('canEmbeddings', config);
  return (params, batch, draws) => {
    expectCanParams('canEmbeddings', params);
    expectBatch('canEmbeddings', config, batch);
    expectOptions('canEmbeddings', 'draws', draws, []);
    return tidy(() => {
      const { embeddings } = encodeViews(config, params, batch, draws, true);
      if (embeddings) return embeddings;
      throw new RangeError(
        'canEmbeddings: params.projector is missing; the config must have weights.contrastive > 0',
      );
    });
  };
}

/** The forward pass as far as it is needed and the parameters allow; runs inside the caller's tidy. */
export function forwardTensors(
  config: CanConfig,
  params: CanParams,
  batch: CanBatch,
  draws: Draws,
  needs: ReadonlySet<Need>,
  communicator: Communicator = solo,
): Forward {
  const embeds = needs.has('embeddings');
  const { encoded, ...parts } = encodeViews(config, params, batch, draws, embeds, communicator);
  return {
    ...parts,
    ...(needs.has('predictions') &&
      params.decoder && {
        predictions: decode(config, params.decoder, params.level, encoded, draws),
      }),
    ...(needs.has('noisePredictions') &&
      params.denoiser && {
        noisePredictions: predictNoise(config, params.denoiser, encoded, draws),
      }),
    ...(needs.has('noise') &&
      draws.noise && { noise: patchify(draws.noise, config.encoder.patch) }),
  };
}

/** What the averaged parameters compute from the whole, clean views: constants, of which nothing else is kept. */
export function teacherTensors(
  config: CanConfig,
  teacher: CanParams,
  batch: CanBatch,
  communicator: Communicator = solo,
): Teacher {
  const { projector } = teacher;
  const features = stopGradient(() => encodeViews(config, teacher, batch, {}, false).features);
  if (projector === undefined || batch.views.length !== 2) return { features };
  const rows = features.shape[0] / 2;
  const both = stopGradient(() => {
    const { a, b } = embedViews(config, projector, features, communicator);
    return concat([a, b], 0);
  });
  const view = (first: number): Tensor2D => slice(both, [first, 0], [rows, -1]);
  return { features, embeddings: { a: view(0), b: view(rows) } };
}

function encodeViews(
  config: CanConfig,
  params: CanParams,
  batch: CanBatch,
  draws: Draws,
  embeds: boolean,
  communicator: Communicator = solo,
) {
  const clean = concat([...batch.views], 0);
  expectDrawsOf('canForwardWith', draws, clean);
  const noisy: Tensor4D = draws.noise ? add(clean, draws.noise) : clean;
  const tokens = embedPatches(params.encoder, config.encoder, noisy);
  const visible = draws.mask ? keepTokens(tokens, draws.mask) : tokens;
  const encoded = encodeTokens(params.encoder, config.encoder, visible);
  const features = poolTokens(encoded, config.pool);
  const embeddings =
    embeds && params.projector
      ? embedViews(config, params.projector, features, communicator)
      : undefined;
  return { clean, noisy, encoded, features, ...(embeddings && { embeddings }) };
}

/** One row for each image's tokens, `[M, 1 + K, D]` → `[M, D]`; `[M, 2D]` for 'both'. */
export function poolTokens(encoded: Tensor3D, pool: Pooling): Tensor2D {
  const [images, tokens, width] = encoded.shape;
  if (pool === 'all') return mean(encoded, 1);
  const cls = (): Tensor2D =>
    reshape(slice(encoded, [0, 0, 0], [images, 1, width]), [images, width]);
  if (pool === 'cls') return cls();
  const patches: Tensor2D = mean(slice(encoded, [0, 1, 0], [images, tokens - 1, width]), 1);
  return pool === 'both' ? concat([cls(), patches], 1) : patches;
}

function embedViews(
  { projector: { statistics } }: CanConfig,
  projector: NonNullable<CanParams['projector']>,
  features: Tensor2D,
  communicator: Communicator,
): { a: Tensor2D; b: Tensor2D } {
  const batch = features.shape[0] / 2;
  const view = (x: Tensor2D, v: number): Tensor2D => slice(x, [v * batch, 0], [batch, -1]);
  const head = (x: Tensor2D): Tensor2D => project(projector, x, communicator);
  if (statistics === 'each-view') {
    return { a: head(view(features, 0)), b: head(view(features, 1)) };
  }
  const both = head(features);
  return { a: view(both, 0), b: view(both, 1) };
}

/** Decodes visible tokens, mask tokens and the noise level's code into patches, `[M, N, P]`. */
function decode(
  config: CanConfig,
  decoder: NonNullable<CanParams['decoder']>,
  level: CanParams['level'],
  encoded: Tensor3D,
  { mask, levels }: Draws,
): Tensor3D {
  const embedded = embedForDecoder(decoder, encoded);
  const [images, tokens, width] = embedded.shape;
  const cls = slice(embedded, [0, 0, 0], [images, 1, width]);
  const visible = slice(embedded, [0, 1, 0], [images, tokens - 1, width]);
  const { embed, embedCls, scale } = config.noise;
  const { code: of, from, target } = choicesOf(config);
  // q_p = W_e p without bias: equal to adding p to encoder-width tokens before W_e, and a decoder
  // without a level is then exactly MAE's.
  const code =
    level && levels
      ? reshape(
          linear(
            levelMlp(level, encodeLevel(levels, { width: config.encoder.width, scale, of })),
            decoder.embed.kernel,
          ),
          [images, 1, width],
        )
      : undefined;
  const withCode = (x: Tensor3D, wanted: boolean): Tensor3D =>
    code && wanted ? (add(x, code) as Tensor3D) : x;
  const restored = (x: Tensor3D): Tensor3D =>
    mask && decoder.mask ? restoreTokens(x, decoder.mask, mask) : x;
  const patches = withCode(restored(withCode(visible, embed === 'visible')), embed === 'all');
  const sequence = concat([withCode(cls, embedCls), patches], 1);
  const output = decodeTokens(decoder, config.encoder, config.decoder, sequence);
  return from === 'decoder' && target === 'unit' && levels
    ? timesLevels(output, levels, mask)
    : output;
}

/** Visible patches times the level of their image; hidden ones as they are. */
function timesLevels(output: Tensor3D, levels: Float32Array, mask: Mask | undefined): Tensor3D {
  const [images, patches] = output.shape;
  const level = tensor3d(levels, [images, 1, 1]);
  if (mask === undefined) return mul(output, level);
  const visible = reshape(visibleWeights(mask), [images, patches, 1]);
  return mul(output, add(mul(visible, sub(level, 1)), 1));
}
