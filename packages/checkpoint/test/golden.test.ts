import { slice, type Tensor4D } from '@tensorflow/tfjs-core';
import { type CanParams, canForwardWith, canLossWith, resolveCanConfig } from '@twocan/can';
import {
  fromHuggingFace,
  fromTimm,
  type NamedArrays,
  namedToTree,
  toHuggingFace,
  toTimm,
} from '@twocan/checkpoint';
import { sincosPositions } from '@twocan/patches';
import { describeBackends, expectClose, type Golden, loadGolden } from '@twocan/testkit';
import { encodeImages, intermediates, type ViTConfig } from '@twocan/vit';
import { expect, it } from 'vitest';

const close = { rtol: 1e-5, atol: 1e-5 };

/** The state dict of the other library's file. */
function stateDict(golden: Golden): NamedArrays {
  const names = golden.names.filter((name) => name.startsWith('model/'));
  return Object.fromEntries(
    names.map((name) => {
      const [shape, data] = [golden.shape(name), Float32Array.from(golden.values(name))];
      return [name.slice('model/'.length), { dtype: 'F32' as const, shape, data }];
    }),
  );
}

const paramsOf = (named: NamedArrays) => namedToTree(named) as unknown as CanParams;

describeBackends("timm's VisionTransformer", () => {
  const golden = loadGolden('timm');
  const config = golden.config<ViTConfig>('encoder');

  it('computes the same with our encoder', () => {
    const { params, positions, ignored } = fromTimm(stateDict(golden));
    const { encoder } = paramsOf(params);
    const images = golden.tensor('images') as Tensor4D;
    expect(ignored).toEqual([]);
    const grid = { rows: config.image.height / 4, columns: config.image.width / 4 };
    expectClose(positions ?? [], sincosPositions({ ...grid, width: config.width }));
    expectClose(encodeImages(encoder, config, images), golden.values('output'), close);
    for (const [i, tokens] of intermediates(encoder, config, images).blocks.entries()) {
      // timm leaves the class token out here.
      const patches = slice(tokens, [0, 1, 0], [-1, -1, -1]);
      expectClose(patches, golden.values(`block/${i}`), close, `block ${i}`);
    }
  });

  it('gets its weights back, bit by bit, but for the row of the class token', () => {
    const before = stateDict(golden);
    const { params, positions } = fromTimm(before);
    const { channels } = config;
    const after = toTimm(params, { channels, ...(positions && { positions }) });
    const { cls_token: token, pos_embed: table, ...rest } = before;
    const { cls_token: ourToken, pos_embed: ourTable, ...ours } = after;
    expect(ours).toEqual(rest);
    const [row, ourRow] = [table, ourTable].map((t) => t?.data.slice(0, config.width));
    const sum = (a: ArrayLike<unknown> = [], b: ArrayLike<unknown> = []): number[] =>
      Array.from(a, (x, i) => Number(x) + Number(b[i]));
    expectClose(sum(ourToken?.data, ourRow), sum(token?.data, row), close);
  });
});

describeBackends('ViTMAEForPreTraining', () => {
  const golden = loadGolden('hugging-face');
  const side = golden.shape('images')[1] ?? 0;
  const config = resolveCanConfig({
    method: 'mae',
    encoder: { image: { height: side, width: side }, patch: 4, width: 16, depth: 2, heads: 2 },
    decoder: { width: 12, depth: 1, heads: 3, mlpRatio: 4 },
  });
  const [batch = 0, patches = 0] = golden.shape('restore');
  const mask = {
    batch,
    patches,
    kept: golden.shape('keep')[1] ?? 0,
    keep: Int32Array.from(golden.values('keep')),
    restore: Int32Array.from(golden.values('restore')),
  };

  it('has the same loss and predictions with our MAE', () => {
    const params = paramsOf(fromHuggingFace(stateDict(golden)).params);
    const views = [golden.tensor('images') as Tensor4D];
    const { predictions } = canForwardWith(config)(params, { views }, { mask });
    expectClose(predictions ?? [], golden.values('prediction'), close);
    const { loss } = canLossWith(config)(params, { views }, { mask });
    expectClose(loss, golden.values('loss'), { rtol: 1e-5 });
  });

  it('gets its weights back, bit by bit', () => {
    const before = stateDict(golden);
    const { params, ignored } = fromHuggingFace(before);
    expect(ignored).toEqual([]);
    // Files have the newer of the two names of the decoder's layers; both are read.
    const renamed = Object.entries(toHuggingFace(params)).map(([name, array]) => [
      name.replace('decoder.decoder_layers.', 'decoder.decoder_encoder.layer.'),
      array,
    ]);
    const weights = Object.entries(before).filter(([name]) => !/position_emb|pos_embed/.test(name));
    expect(Object.fromEntries(renamed)).toEqual(Object.fromEntries(weights));
  });
});
