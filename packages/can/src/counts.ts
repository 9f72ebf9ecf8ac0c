import { expectInteger, expectNumber, expectOptions, expectType } from '@twocan/core';
import {
  type DecoderConfig,
  expectTransformer,
  expectViTConfig,
  patchShape,
  type ViTConfig,
} from '@twocan/vit';

/** The projection head of a contrastive loss, as far as its cost goes. */
export type HeadCost = {
  readonly hidden: number;
  /** Hidden layers. */
  readonly layers: number;
  readonly out: number;
  /** Batch norm (scale and bias in place of a linear bias) after each hidden layer. */
  readonly batchNorm: boolean;
};

/** What one training step computes for an image. */
export type MethodCost = {
  readonly encoder: ViTConfig;
  /** Absent where nothing is decoded. */
  readonly decoder?: DecoderConfig;
  /** Absent where nothing is contrasted. */
  readonly head?: HeadCost;
  /** Whether a linear map of the visible tokens predicts their noise. */
  readonly denoiser?: boolean;
  /** Whether the noise level is embedded: sinusoids of `levelCode` values and two layers of D. */
  readonly level?: boolean;
  /** Length of the level's sinusoidal code; default D. */
  readonly levelCode?: number;
  readonly views: 1 | 2;
  /** Share of patches hidden from the encoder, in [0, 1). */
  readonly maskRatio: number;
};

const linearParameters = (inputs: number, outputs: number): number => inputs * outputs + outputs;

const blockParameters = (width: number, ratio: number): number =>
  4 * width + // two layer norms
  linearParameters(width, 3 * width) +
  linearParameters(width, width) +
  linearParameters(width, ratio * width) +
  linearParameters(ratio * width, width);

/** Sizes of the linear layers of a head, input first. */
const headSizes = (width: number, { hidden, layers, out }: HeadCost): number[] => [
  width,
  ...Array.from({ length: layers }, () => hidden),
  out,
];

const sumPairs = (
  sizes: readonly number[],
  f: (a: number, b: number, i: number) => number,
): number => sizes.slice(1).reduce((sum, b, i) => sum + f(sizes[i] ?? 0, b, i), 0);

export function expectCost(caller: string, cost: MethodCost): void {
  const optional = ['decoder', 'denoiser', 'head', 'level', 'levelCode'];
  expectOptions(caller, 'cost', cost, ['encoder', 'views', 'maskRatio'], optional);
  const { encoder, decoder, denoiser = false, head, level = false } = cost;
  const { levelCode = 1, views, maskRatio } = cost;
  expectViTConfig(caller, encoder, 'encoder');
  if (decoder !== undefined) expectTransformer(caller, 'decoder', decoder);
  if (head !== undefined) {
    expectOptions(caller, 'head', head, ['hidden', 'layers', 'out', 'batchNorm']);
    for (const name of ['hidden', 'out'] as const) {
      expectInteger(caller, `head.${name}`, head[name]);
    }
    expectInteger(caller, 'head.layers', head.layers, 0, 1000);
  }
  expectType(caller, 'denoiser', denoiser, 'boolean');
  expectType(caller, 'level', level, 'boolean');
  expectInteger(caller, 'levelCode', levelCode);
  expectInteger(caller, 'views', views, 1, 2);
  expectNumber(caller, 'maskRatio', maskRatio, 'lie in [0, 1)', (x) => x >= 0 && x < 1);
}

/** Trained numbers of each part. */
export type ParameterCount = {
  readonly encoder: number;
  readonly decoder: number;
  readonly denoiser: number;
  readonly head: number;
  readonly level: number;
  readonly total: number;
};

/**
 * Counts the trained parameters of a method; fixed positions are not counted.
 *
 * @param cost encoder, decoder, head
 * @returns numbers by part, and their total
 * @example
 * countParameters({ ...preset('b16'), views: 1, maskRatio: 0 }).encoder; // 85 647 360
 */
export function countParameters(cost: MethodCost): ParameterCount {
  expectCost('countParameters', cost);
  const { encoder, decoder, denoiser, head, level, levelCode } = cost;
  const { width } = encoder;
  const { pixels } = patchShape(encoder);
  const counts = {
    encoder:
      linearParameters(pixels, width) +
      width + // class token
      encoder.depth * blockParameters(width, encoder.mlpRatio) +
      2 * width,
    decoder: decoder
      ? linearParameters(width, decoder.width) +
        decoder.width + // mask token
        decoder.depth * blockParameters(decoder.width, decoder.mlpRatio) +
        2 * decoder.width +
        linearParameters(decoder.width, pixels)
      : 0,
    denoiser: denoiser ? linearParameters(width, pixels) : 0,
    head: head
      ? sumPairs(
          headSizes(width, head),
          (a, b, i) =>
            // Batch norm's scale and bias take the place of the layer's bias.
            a * b + (head.batchNorm && i < head.layers ? 2 * b : b),
        )
      : 0,
    level: level ? linearParameters(levelCode ?? width, width) + linearParameters(width, width) : 0,
  };
  return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count) };
}

const blockProducts = (tokens: number, width: number, ratio: number): number =>
  (4 + 2 * ratio) * tokens * width ** 2 + 2 * tokens ** 2 * width;

/** Floating-point operations of one image, all its views together. */
export type FlopCount = { readonly forward: number; readonly training: number };

/**
 * Counts the floating-point operations that one image costs.
 *
 * A multiply-add is two; training is three times the forward pass. Softmax, norms, GELU and the losses
 * are neglected. All patches are embedded, the visible ones encoded.
 *
 * @param cost what is computed
 * @returns operations of the forward pass and of a training step
 * @example
 * countFlops({ ...preset('b16'), views: 1, maskRatio: 0.75 }).forward; // 1.96e10: MAE
 */
export function countFlops(cost: MethodCost): FlopCount {
  expectCost('countFlops', cost);
  const { encoder, decoder, denoiser, head, level, levelCode, views, maskRatio } = cost;
  const { width } = encoder;
  const { patches, pixels } = patchShape(encoder);
  const visible = Math.floor(patches * (1 - maskRatio) + 1e-9);
  const products =
    patches * pixels * width +
    encoder.depth * blockProducts(1 + visible, width, encoder.mlpRatio) +
    (decoder
      ? (1 + visible) * width * decoder.width +
        decoder.depth * blockProducts(1 + patches, decoder.width, decoder.mlpRatio) +
        patches * decoder.width * pixels
      : 0) +
    (denoiser ? visible * width * pixels : 0) +
    (head ? sumPairs(headSizes(width, head), (a, b) => a * b) : 0) +
    (level ? (levelCode ?? width) * width + width ** 2 : 0);
  const forward = 2 * views * products;
  return { forward, training: 3 * forward };
}
