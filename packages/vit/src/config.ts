import { patchGrid } from '@twocan/patches';

/** A Vision Transformer encoder, as plain JSON. */
export type ViTConfig = {
  /** Size of the images in pixels; need not be square. */
  readonly image: { readonly height: number; readonly width: number };
  readonly channels: number;
  /** Side of a patch in pixels; divides height and width. */
  readonly patch: number;
  /** D, a multiple of 4 and of heads. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of the perceptrons over D. */
  readonly mlpRatio: number;
  /** Added to the variance in layer normalisation. */
  readonly epsilon: number;
};

/** The light decoder that goes with an encoder, as plain JSON. */
export type DecoderConfig = Pick<ViTConfig, 'width' | 'depth' | 'heads' | 'mlpRatio'>;

/**
 * The sizes that follow from a config.
 *
 * @param config the encoder
 * @returns how many patches N, and how many values P one has
 * @example
 * patchShape(preset('tiny32').encoder).patches; // 64
 */
export function patchShape(config: ViTConfig): {
  readonly patches: number;
  readonly pixels: number;
} {
  const { count } = patchGrid({ ...config.image, patch: config.patch });
  return { patches: count, pixels: config.patch ** 2 * config.channels };
}
