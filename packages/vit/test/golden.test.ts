import { concat, mul, slice, sum, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import { type Params, valueAndGrad } from '@twocan/core';
import { keepTokens, restoreTokens } from '@twocan/masking';
import { describeBackends, expectClose, expectTreeClose, loadGolden } from '@twocan/testkit';
import {
  type DecoderConfig,
  type DecoderParams,
  decodeTokens,
  type EncoderParams,
  embedForDecoder,
  embedPatches,
  encodeImages,
  encodeTokens,
  intermediates,
  type ViTConfig,
} from '@twocan/vit';
import { expect, it } from 'vitest';

type Model = { readonly encoder: EncoderParams; readonly decoder: DecoderParams };

describeBackends('encoder and decoder against PyTorch', () => {
  const golden = loadGolden('vit');
  const config = golden.config<ViTConfig>('encoder');
  const decoderConfig = golden.config<DecoderConfig>('decoder');
  const [batch = 0, patches = 0] = golden.shape('restore');
  const mask = {
    batch,
    patches,
    kept: golden.shape('keep')[1] ?? 0,
    keep: Int32Array.from(golden.values('keep')),
    restore: Int32Array.from(golden.values('restore')),
  };
  const images = (): Tensor4D => golden.tensor('images') as Tensor4D;
  const close = { rtol: 1e-5, atol: 1e-5 };

  it('tokens of whole images, block by block', () => {
    const { encoder } = golden.tree('params') as Model;
    expectClose(embedPatches(encoder, config, images()), golden.values('tokens'), close);
    expectClose(encodeImages(encoder, config, images()), golden.values('whole'), close);
    const { blocks } = intermediates(encoder, config, images());
    expect(blocks).toHaveLength(config.depth);
    for (const [i, x] of blocks.entries()) {
      expectClose(x, golden.values(`blocks/${i}`), close, `block ${i}`);
    }
  });

  const masked = ({ encoder, decoder }: Model) => {
    const visible = keepTokens(embedPatches(encoder, config, images()), mask);
    const encoded = encodeTokens(encoder, config, visible);
    const embedded = embedForDecoder(decoder, encoded);
    const cls = slice(embedded, [0, 0, 0], [batch, 1, -1]);
    const restored = restoreTokens(
      slice(embedded, [0, 1, 0], [batch, mask.kept, -1]) as Tensor3D,
      decoder.mask,
      mask,
    );
    const sequence = concat([cls, restored], 1) as Tensor3D;
    return { encoded, prediction: decodeTokens(decoder, config, decoderConfig, sequence) };
  };

  it('kept tokens through the encoder, all tokens through the decoder', () => {
    const { encoded, prediction } = masked(golden.tree('params') as Model);
    expectClose(encoded, golden.values('encoded'), close);
    expectClose(prediction, golden.values('prediction'), close);
  });

  it('the gradient of every parameter', () => {
    const weights = golden.tensor('weights');
    const { grads, unused } = valueAndGrad((params: Params) => ({
      loss: sum(mul(masked(params as Model).prediction, weights)),
    }))(golden.tree('params'));
    expect(unused).toEqual([]);
    expectTreeClose(grads, golden, 'grads', 1e-5);
  });
});
