import {
  add,
  concat,
  reshape,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor3D,
  tensor3d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectOptions, expectParams, expectShape, expectType, mapTree } from '@twocan/core';
import { encodeLevel, levelMlp } from '@twocan/noise';
import { linear } from '@twocan/ops';
import { patchGrid, sincosPositions } from '@twocan/patches';
import type { DecoderParams } from '@twocan/vit';
import { type CanConfig, choicesOf } from './config.ts';
import { expectCanConfig, expectCanParams } from './expect.ts';
import type { CanParams } from './params.ts';

/**
 * The decoder as a masked autoencoder has it, for images without noise.
 *
 * A decoder that is given the noise level adds one vector c(σ) to its tokens; for the smallest level, the paper's 0, it is a constant,
 * which goes into the projection's bias, the mask token and the class token's row of the positions.
 *
 * @param config the method
 * @returns `params → decoder`, fresh tensors; nothing where there is no decoder, or it has no mask token
 * @throws RangeError for a config that is not complete
 * @example
 * const decoder = plainDecoder(config)(params);
 */
export function plainDecoder(config: CanConfig): (params: CanParams) => DecoderParams | undefined {
  expectCanConfig('plainDecoder', config);
  return (params) => {
    expectCanParams('plainDecoder', params);
    const { decoder, level } = params;
    if (decoder?.mask === undefined) return undefined;
    expectDecoder(config, decoder as DecoderParams);
    if (level !== undefined) expectParams('plainDecoder', 'params.level', level);
    const { embed: placed, embedCls, scale } = config.noise;
    const { min, code: of } = choicesOf(config);
    const own = mapTree((leaf) => leaf.clone(), decoder as DecoderParams);
    if (level === undefined) return own;
    const { embed, mask } = own;
    const changed = tidy(() => {
      const { width } = config.encoder;
      const code = levelMlp(level, encodeLevel(Float32Array.of(min), { width, scale, of }));
      const shift = linear(code, decoder.embed.kernel);
      const none = zeros([1, shift.size]);
      const patches = placed === 'none' ? none : shift;
      return {
        bias: add(embed.bias, reshape(patches, [-1])) as Tensor1D,
        mask: placed === 'all' ? (add(mask, reshape(shift, mask.shape)) as Tensor3D) : mask.clone(),
        positions: withRow(config, sub(embedCls ? shift : none, patches), own.positions),
      };
    });
    embed.bias.dispose();
    mask.dispose();
    own.positions?.dispose();
    return {
      ...own,
      embed: { kernel: embed.kernel, bias: changed.bias },
      mask: changed.mask,
      positions: changed.positions,
    };
  };
}

function expectDecoder(
  { encoder, decoder: { width, depth } }: CanConfig,
  own: DecoderParams,
): void {
  const names = ['embed', 'mask', 'blocks', 'norm', 'head'];
  expectOptions('plainDecoder', 'params.decoder', own, names);
  expectOptions('plainDecoder', 'params.decoder.embed', own.embed, ['kernel', 'bias']);
  const { kernel, bias } = own.embed;
  expectShape('plainDecoder', 'params.decoder.embed.kernel', kernel, [encoder.width, width]);
  expectShape('plainDecoder', 'params.decoder.embed.bias', bias, [width]);
  expectShape('plainDecoder', 'params.decoder.mask', own.mask as Tensor, [1, 1, width]);
  expectType('plainDecoder', 'params.decoder.blocks', own.blocks, Array);
  if (own.blocks.length === depth) return;
  throw new RangeError(
    `plainDecoder: params.decoder.blocks must be ${depth} blocks, got ${own.blocks.length}`,
  );
}

/** Positions of class token and patches, with this added to the class token's. */
function withRow(
  { encoder, decoder: { width } }: CanConfig,
  row: Tensor1D,
  learned: Tensor | undefined,
): Tensor3D {
  const first = reshape(row, [1, 1, width]) as Tensor3D;
  if (learned !== undefined) {
    const others = zeros([1, learned.size / width - 1, width]);
    return add(learned, concat([first, others as Tensor3D], 1)) as Tensor3D;
  }
  const { rows, columns, count } = patchGrid({ ...encoder.image, patch: encoder.patch });
  const table = tensor3d(sincosPositions({ rows, columns, width }), [1, count, width]);
  return concat([first, table], 1);
}
