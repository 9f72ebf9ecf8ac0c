import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { type CanParams, canForwardWith, canLossWith, resolveCanConfig } from '@twocan/can';
import {
  fromHuggingFace,
  type ImportedWeights,
  importWeights,
  type NamedArray,
  namedToTree,
} from '@twocan/checkpoint';
import { namedLeaves, valueAndGrad } from '@twocan/core';
import { describeBackends, expectClose, loadGolden } from '@twocan/testkit';
import { encodeImages } from '@twocan/vit';
import { expect, it } from 'vitest';
import { bytesOf, changed, filesOf, folder } from './folders.ts';

const golden = loadGolden('foreign');
const close = { rtol: 1e-5, atol: 1e-5 };

const treeOf = ({ params }: ImportedWeights) => namedToTree(params) as unknown as CanParams;

const tokensOf = (weights: ImportedWeights, images: string) =>
  encodeImages(treeOf(weights).encoder, weights.encoder, golden.tensor(images) as Tensor4D);

const maskOf = (name: string) => {
  const [batch = 0, patches = 0] = golden.shape(`${name}/restore`);
  return {
    batch,
    patches,
    kept: golden.shape(`${name}/keep`)[1] ?? 0,
    keep: Int32Array.from(golden.values(`${name}/keep`)),
    restore: Int32Array.from(golden.values(`${name}/restore`)),
  };
};

const maeOf = ({ encoder, decoder }: ImportedWeights) =>
  resolveCanConfig({ method: 'mae', encoder, ...(decoder && { decoder }) });

describeBackends('importWeights of a folder of timm', () => {
  it('computes the same tokens', async () => {
    const weights = await importWeights(folder('timm'));
    expectClose(tokensOf(weights, 'timm/images'), golden.values('timm/tokens'), close);
    expect(weights.images).toEqual({
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      interpolation: 'bicubic',
    });
    expect(weights.notes).toEqual([
      '2 tensors are left out, having no place in encoder and decoder: head.bias, head.weight',
    ]);
  });

  it('computes the same at another image size, with its positions resampled', async () => {
    const image = { height: 32, width: 32 };
    const weights = await importWeights(folder('timm'), { image });
    expect(weights.encoder.image).toEqual(image);
    expectClose(
      tokensOf(weights, 'timm/larger/images'),
      golden.values('timm/larger/tokens'),
      close,
    );
    expect(weights.notes).toContain(
      'positions of the encoder are resampled from 4 x 4 to 8 x 8 patches',
    );
  });
});

describeBackends('importWeights of a folder of transformers', () => {
  it('reads a ViTModel in bfloat16 from its shards, and how its images are prepared', async () => {
    const weights = await importWeights(folder('vit'));
    expectClose(tokensOf(weights, 'vit/images'), golden.values('vit/tokens'), close);
    expect(weights.encoder).toMatchObject({ mlpRatio: 3, heads: 2, epsilon: 1e-6 });
    expect(weights.images).toEqual({
      mean: [0.4, 0.5, 0.6],
      std: [0.2, 0.25, 0.3],
      interpolation: 'bicubic',
    });
  });

  it('continues a ViTMAEForPreTraining with its loss and its gradients', async () => {
    const weights = await importWeights(folder('vit-mae'));
    expect(Object.keys(weights.params)).not.toContain('encoder/positions');
    const loss = canLossWith(maeOf(weights));
    const images = golden.tensor('vit-mae/images') as Tensor4D;
    const { loss: value, grads } = valueAndGrad((params: CanParams) =>
      loss(params, { views: [images] }, { mask: maskOf('vit-mae') }),
    )(treeOf(weights));
    expectClose(value, golden.values('vit-mae/loss'), { rtol: 1e-4 });
    const ours = Object.fromEntries(namedLeaves<Tensor>(grads));
    const theirs = gradientsOf();
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    for (const [path, { data }] of Object.entries(theirs)) {
      const size = Math.max(...Array.from(data as Float32Array, Math.abs));
      expectClose(
        ours[path] as Tensor,
        data as Float32Array,
        { rtol: 1e-3, atol: 1e-4 * size },
        path,
      );
    }
  });

  it('keeps positions that are not the fixed ones, in both parts', async () => {
    const files = bytesOf('vit-mae');
    const weights = await importWeights(filesOf(files), { image: { height: 24, width: 24 } });
    expect(weights.params['encoder/positions']?.shape).toEqual([1, 36, 16]);
    expect(weights.params['decoder/positions']?.shape).toEqual([1, 37, 12]);
    expect(weights.notes).toHaveLength(3);
    expect(maeOf(weights).encoder.image.width).toBe(24);
  });
});

/** PyTorch's gradients by our paths and in our layouts: weights and their gradients are laid out alike. */
function gradientsOf() {
  const prefix = 'vit-mae/gradient/';
  const named = golden.names
    .filter((name) => name.startsWith(prefix))
    .map((name): [string, NamedArray] => {
      const data = Float32Array.from(golden.values(name));
      return [name.slice(prefix.length), { dtype: 'F32', shape: golden.shape(name), data }];
    });
  return fromHuggingFace(Object.fromEntries(named)).params;
}

describeBackends('importWeights of a checkpoint of facebookresearch/mae', () => {
  it('computes what it computes, from halves', async () => {
    const weights = await importWeights(folder('mae'));
    expect(weights.format).toBe('mae');
    const forward = canForwardWith(maeOf(weights));
    const views = [golden.tensor('mae/images') as Tensor4D];
    const { predictions } = forward(treeOf(weights), { views }, { mask: maskOf('mae') });
    expectClose(predictions ?? [], golden.values('mae/prediction'), close);
    expect(weights.params['decoder/positions']?.shape).toEqual([1, 17, 12]);
  });

  it('goes without the decoder where nobody knows its heads', async () => {
    const files = bytesOf('mae');
    const config = changed(files['config.json'], { decoder_num_heads: null });
    const weights = await importWeights(filesOf({ ...files, 'config.json': config }));
    expect(weights.decoder).toBeUndefined();
    expect(weights.notes[0]).toMatch('the decoder is left out: no file says how many heads it has');
    const told = { ...files, 'config.json': config };
    expect((await importWeights(filesOf(told), { decoderHeads: 3 })).decoder?.heads).toBe(3);
  });
});
