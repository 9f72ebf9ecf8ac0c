import {
  add,
  clone,
  concat,
  mean,
  reshape,
  slice,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { project } from '@twocan/contrastive';
import { expectKey, expectOptions, type Key } from '@twocan/core';
import { keepTokens, type Mask, restoreTokens } from '@twocan/masking';
import { encodeLevel, levelMlp } from '@twocan/noise';
import { linear } from '@twocan/ops';
import { patchify } from '@twocan/patches';
import { decodeTokens, embedForDecoder, embedPatches, encodeTokens } from '@twocan/vit';
import type { CanConfig, Pooling } from './config.ts';
import { type Draws, drawCorruption, expectDrawsOf } from './draws.ts';
import { expectCanConfig, expectCanParams } from './expect.ts';
import type { CanBatch, CanParams } from './params.ts';
import { expectBatch } from './views.ts';

/** What the model computes on its way to the loss, for the images of all views stacked, M = V·B. */
export type Forward = {
  /** The views without noise, `[M, H, W, C]`. */
  readonly clean: Tensor4D;
  /** What is cut into patches and masked, `[M, H, W, C]`. */
  readonly noisy: Tensor4D;
  /** Pooled encoder features of the visible tokens, `[M, D]`. */
  readonly features: Tensor2D;
  /** Projections of the two views, `[B, Z]` each, if views are contrasted. */
  readonly embeddings?: { readonly a: Tensor2D; readonly b: Tensor2D };
  /** Pixels at masked places and noise at visible ones, `[M, N, P]`, if patches are predicted. */
  readonly predictions?: Tensor3D;
  /** The added noise σε in patches, `[M, N, P]`, if there is noise. */
  readonly noise?: Tensor3D;
  /** Kept and hidden patches, if any are hidden. */
  readonly mask?: Mask;
  /** σ of each image, `[M]`, if there is noise. */
  readonly levels?: Float32Array;
};

/** The tensors of {@link Forward}: what may leave a tidy, which would walk typed arrays. */
export type ForwardTensors = Omit<Forward, 'mask' | 'levels'>;

/**
 * Runs the model on a batch and returns its parts, for pictures and inspection.
 *
 * @param config the method
 * @returns `(params, batch, key) → Forward`; the caller disposes it with `tf.dispose`
 * @example
 * const parts = canForward(config)(params, { views: [a, b] }, key(0));
 * dispose(parts);
 */
export function canForward(
  config: CanConfig,
): (params: CanParams, batch: CanBatch, key: Key) => Forward {
  expectCanConfig('canForward', config);
  return (params, batch, key) => {
    expectCanParams('canForward', params);
    expectKey('canForward', 'key', key);
    expectBatch('canForward', config, batch);
    // Only the noise is a tensor; masks and levels outlive the tidy.
    let draws: Draws = {};
    const tensors = tidy(() => {
      draws = drawCorruption(key, config, batch);
      return ownTensors(config, params, batch, draws);
    });
    return withDraws(tensors, draws);
  };
}

/**
 * {@link canForward} with masks, levels and noise given: no randomness at all.
 *
 * @param config the method
 * @returns `(params, batch, draws) → Forward`; the caller disposes it with `tf.dispose`
 * @example
 * const parts = canForwardWith(config)(params, { views: [a] }, { mask });
 */
export function canForwardWith(
  config: CanConfig,
): (params: CanParams, batch: CanBatch, draws: Draws) => Forward {
  expectCanConfig('canForwardWith', config);
  return (params, batch, draws) => {
    expectCanParams('canForwardWith', params);
    expectBatch('canForwardWith', config, batch);
    expectOptions('canForwardWith', 'draws', draws, []);
    return withDraws(
      tidy(() => ownTensors(config, params, batch, draws)),
      draws,
    );
  };
}

function ownTensors(...args: Parameters<typeof forwardTensors>): ForwardTensors {
  const parts = forwardTensors(...args);
  // Without noise the two are one tensor; the caller gets one of each to dispose.
  return { ...parts, noisy: clone(parts.noisy) };
}

const withDraws = (tensors: ForwardTensors, { mask, levels }: Draws): Forward => ({
  ...tensors,
  ...(mask && { mask }),
  ...(levels && { levels }),
});

/**
 * The embeddings of the two views alone, without decoding: the first pass over a batch in shards.
 *
 * @param config a method that contrasts views
 * @returns `(params, batch, draws) → { a, b }`, `[B, Z]` each
 * @throws RangeError if the batch does not fit the config, or the config has no projector
 * @example
 * const { a, b } = canEmbeddings(config)(params, { views: [x, y] }, draws);
 * const first = contrastiveEmbeddingGradients(a, b, { temperature: config.temperature });
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
      const { embeddings } = encodeViews(config, params, batch, draws);
      if (embeddings) return embeddings;
      throw new RangeError(
        'canEmbeddings: params.projector is missing; the config must have weights.contrastive > 0',
      );
    });
  };
}

/** The whole forward pass; runs inside the caller's tidy. */
export function forwardTensors(
  config: CanConfig,
  params: CanParams,
  batch: CanBatch,
  draws: Draws,
): ForwardTensors {
  const { encoded, ...parts } = encodeViews(config, params, batch, draws);
  return {
    ...parts,
    ...(params.decoder && {
      predictions: decode(config, params.decoder, params.level, encoded, draws),
    }),
    ...(draws.noise && { noise: patchify(draws.noise, config.encoder.patch) }),
  };
}

function encodeViews(config: CanConfig, params: CanParams, batch: CanBatch, draws: Draws) {
  const clean = concat([...batch.views], 0);
  expectDrawsOf('canForwardWith', draws, clean);
  const noisy: Tensor4D = draws.noise ? add(clean, draws.noise) : clean;
  const tokens = embedPatches(params.encoder, config.encoder, noisy);
  const visible = draws.mask ? keepTokens(tokens, draws.mask) : tokens;
  const encoded = encodeTokens(params.encoder, config.encoder, visible);
  const features = poolTokens(encoded, config.pool);
  const embeddings = params.projector && embedViews(config, params.projector, features);
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
): { a: Tensor2D; b: Tensor2D } {
  const batch = features.shape[0] / 2;
  const view = (x: Tensor2D, v: number): Tensor2D => slice(x, [v * batch, 0], [batch, -1]);
  if (statistics === 'each-view') {
    return { a: project(projector, view(features, 0)), b: project(projector, view(features, 1)) };
  }
  const both = project(projector, features);
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
  // q_p = W_e p without bias: equal to adding p to encoder-width tokens before W_e, and a decoder
  // without a level is then exactly MAE's.
  const code =
    level && levels
      ? reshape(
          linear(
            levelMlp(level, encodeLevel(levels, { width: config.encoder.width, scale })),
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
  return decodeTokens(decoder, config.encoder, config.decoder, sequence);
}
