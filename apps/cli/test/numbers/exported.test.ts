import { createHash } from 'node:crypto';
import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type CanParams, canForwardWith, encode, resolveCanConfig } from '@twocan/can';
import type { FolderDecoder, FolderImages, FolderModel, NamedArrays } from '@twocan/checkpoint';
import { describeBackends, expectClose, loadGolden } from '@twocan/testkit';
import { encodeImages } from '@twocan/vit';
import { describe, expect, it } from 'vitest';
import { filesFor } from '../../src/export/files.ts';
import type { ExportedModel } from '../../src/export/weights.ts';

// goldens/make/exported.py: folders that timm, transformers and ONNX Runtime have opened, by what they computed.
const golden = loadGolden('exported');
const SIZES = [32, 64, 224] as const;

type Described = {
  readonly encoder: FolderModel;
  readonly decoder: FolderDecoder;
  readonly images: FolderImages;
  readonly maskRatio: number;
  readonly normalizePixels: boolean;
  readonly digests: Readonly<
    Record<'timm' | 'transformers' | 'onnx', Readonly<Record<string, string>>>
  >;
};

const described = (size: number): Described => golden.config<Described>(String(size));

/** The masked autoencoder that the files are of. */
function modelOf(size: number): ExportedModel['model'] {
  const { encoder, decoder, maskRatio, normalizePixels } = described(size);
  return resolveCanConfig({ method: 'mae', encoder, decoder, maskRatio, normalizePixels });
}

function weightsOf(size: number): NamedArrays {
  const prefix = `${size}/weights/`;
  const names = golden.names.filter((name) => name.startsWith(prefix));
  return Object.fromEntries(
    names.map((name) => {
      const data = Float32Array.from(golden.values(name));
      return [name.slice(prefix.length), { dtype: 'F32', shape: golden.shape(name), data }];
    }),
  );
}

/** Pixels that every language computes alike. */
function pixelsOf(size: number): Tensor4D {
  const values = Array.from({ length: size * size * 3 }, (_, i) => (((i * 7919) % 251) - 125) / 64);
  return tensor4d(values, [1, size, size, 3]);
}

/** All tokens of small images, every ninth of the others. */
function some(tokens: ArrayLike<number>, count: number): number[] {
  const width = tokens.length / count;
  const kept = Array.from({ length: count }, (_, i) => i).filter((i) => count < 100 || i % 9 === 0);
  return kept.flatMap((i) => Array.from({ length: width }, (_, d) => tokens[i * width + d] ?? 0));
}

describe.each(SIZES)('the folders of a run at %d pixels', (size) => {
  it.each(['timm', 'transformers', 'onnx'] as const)(
    'for %s are those that it opened',
    (target) => {
      const { images, digests } = described(size);
      const exported = { arrays: weightsOf(size), model: modelOf(size), images };
      const found = filesFor(target, exported, 'fp32').map(({ path, content }) => [
        path,
        createHash('sha256').update(content()).digest('hex'),
      ]);
      expect(Object.fromEntries(found)).toEqual(digests[target]);
    },
  );
});

const close = { rtol: 1e-5, atol: 1e-5 };

describeBackends('what others computed with the exported weights', () => {
  it.each(SIZES)('is what we compute, at %d pixels', (size) => {
    const model = modelOf(size);
    const params = golden.tree(`${size}/weights`) as unknown as CanParams;
    const images = pixelsOf(size);
    const tokens = encodeImages(params.encoder, model.encoder, images);
    const ours = some(tokens.dataSync(), tokens.shape[1]);
    expectClose(ours, golden.values(`${size}/timm/tokens`), close, 'timm');
    expectClose(ours, golden.values(`${size}/transformers/tokens`), close, 'transformers');
    const features = encode(model)(params, images);
    expectClose(features, golden.values(`${size}/timm/features`), close, 'features');

    const hidden = Array.from(golden.values(`${size}/mae/mask`));
    const keep = hidden.flatMap((value, i) => (value === 0 ? [i] : []));
    const order = [...keep, ...hidden.flatMap((value, i) => (value === 0 ? [] : [i]))];
    const restore = Int32Array.from(hidden, (_, i) => order.indexOf(i));
    const mask = {
      batch: 1,
      patches: hidden.length,
      kept: keep.length,
      keep: Int32Array.from(keep),
      restore,
    };
    const { predictions } = canForwardWith(model)(params, { views: [images] }, { mask });
    const logits = some(predictions?.dataSync() ?? [], hidden.length);
    expectClose(logits, golden.values(`${size}/mae/logits`), close, 'logits');
  });
});
