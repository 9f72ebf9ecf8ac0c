import { expectEpsilon, expectInteger, expectNumber, expectOptions, refuse } from '@twocan/core';
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
  expectViTConfig('patchShape', config);
  const { count } = patchGrid({ ...config.image, patch: config.patch });
  return { patches: count, pixels: config.patch ** 2 * config.channels };
}

const SHARED = ['width', 'depth', 'heads', 'mlpRatio'] as const;

/**
 * Checks an encoder's config: that nothing is missing and every size is one.
 *
 * @param caller the function that was called
 * @param config what it was given
 * @param argument the config's name there
 * @throws TypeError or RangeError that names what is wrong
 * @example
 * expectViTConfig('countFlops', cost.encoder, 'encoder');
 */
export function expectViTConfig(caller: string, config: ViTConfig, argument = 'config'): void {
  expectOptions(caller, argument, config, ['image', 'channels', 'patch', 'epsilon', ...SHARED]);
  expectOptions(caller, `${argument}.image`, config.image, ['height', 'width'], []);
  expectInteger(caller, `${argument}.image.height`, config.image.height);
  expectInteger(caller, `${argument}.image.width`, config.image.width);
  expectInteger(caller, `${argument}.channels`, config.channels);
  expectInteger(caller, `${argument}.patch`, config.patch);
  expectEpsilon(caller, config.epsilon);
  expectTransformer(caller, argument, config);
}

/**
 * Checks what encoder and decoder have alike.
 *
 * @param caller the function that was called
 * @param argument the config's name there
 * @param config what it was given
 * @throws TypeError or RangeError that names what is wrong
 * @example
 * expectTransformer('countFlops', 'decoder', cost.decoder);
 */
export function expectTransformer(caller: string, argument: string, config: DecoderConfig): void {
  expectOptions(caller, argument, config, SHARED);
  const { width, depth, heads, mlpRatio } = config;
  expectInteger(caller, `${argument}.width`, width, 1, 2 ** 20);
  expectInteger(caller, `${argument}.depth`, depth, 0, 2 ** 12);
  expectInteger(caller, `${argument}.heads`, heads);
  if (width % heads !== 0) {
    refuse(caller, `${argument}.width`, `be a multiple of its ${heads} heads`, width);
  }
  const positive = (x: number): boolean => x > 0 && x < 2 ** 10;
  expectNumber(caller, `${argument}.mlpRatio`, mlpRatio, 'be positive and below 1024', positive);
}
