import { describe, expect, it } from 'vitest';
import {
  fromHuggingFace,
  fromTimm,
  type NamedArray,
  type NamedArrays,
  toHuggingFace,
  toTimm,
} from '../src/index.ts';

let counter = 0;
const numbered = (...shape: number[]): NamedArray => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'F32', shape, data: Float32Array.from({ length: size }, () => ++counter) };
};

function block(at: string, width: number): NamedArrays {
  const dense = (name: string, from: number, to: number): NamedArrays => ({
    [`${at}/${name}/kernel`]: numbered(from, to),
    [`${at}/${name}/bias`]: numbered(to),
  });
  const norm = (name: string): NamedArrays => ({
    [`${at}/${name}/scale`]: numbered(width),
    [`${at}/${name}/bias`]: numbered(width),
  });
  return {
    ...norm('norm1'),
    ...dense('attention/qkv', width, 3 * width),
    ...dense('attention/out', width, width),
    ...norm('norm2'),
    ...dense('mlp/hidden', width, 4 * width),
    ...dense('mlp/out', 4 * width, width),
  };
}

// Width 2, patch 2, 3 channels; 12 blocks, so that block 10 comes before block 2 by name.
const encoder: NamedArrays = {
  'encoder/patch/kernel': numbered(12, 2),
  'encoder/patch/bias': numbered(2),
  'encoder/cls': numbered(1, 1, 2),
  ...Object.assign({}, ...Array.from({ length: 12 }, (_, i) => block(`encoder/blocks/${i}`, 2))),
  'encoder/norm/scale': numbered(2),
  'encoder/norm/bias': numbered(2),
};
const decoder: NamedArrays = {
  'decoder/embed/kernel': numbered(2, 4),
  'decoder/embed/bias': numbered(4),
  'decoder/mask': numbered(1, 1, 4),
  ...block('decoder/blocks/0', 4),
  'decoder/norm/scale': numbered(4),
  'decoder/norm/bias': numbered(4),
  'decoder/head/kernel': numbered(4, 12),
  'decoder/head/bias': numbered(12),
};
const rest: NamedArrays = { 'projector/layers/0/kernel': numbered(2, 2) };
const positions = Float32Array.from({ length: 8 }, (_, i) => i / 8);

/** Element [d, c, y, x] of a convolution kernel, and of ours. */
const at = ({ data, shape }: NamedArray, ...index: number[]): unknown =>
  data[index.reduce((flat, i, axis) => flat * (shape[axis] ?? 0) + i, 0)];

describe('names of other libraries', () => {
  it('come back from timm unchanged, without decoder and projector', () => {
    const named = toTimm({ ...encoder, ...decoder, ...rest }, { positions });
    const back = fromTimm({ ...named, 'head.weight': numbered(10, 2) });
    expect(back.params).toEqual(encoder);
    expect(back.positions).toEqual(positions);
    expect(back.ignored).toEqual(['head.weight']);
  });

  it('come back from Hugging Face unchanged, with or without decoder', () => {
    const all = { ...encoder, ...decoder };
    const decoderPositions = new Float32Array(16);
    const named = toHuggingFace({ ...all, ...rest }, { positions, decoderPositions });
    const withRow = new Float32Array(4 + 16);
    expect(fromHuggingFace(named)).toEqual({
      params: all,
      positions,
      decoderPositions: withRow,
      ignored: [],
    });
    expect(fromHuggingFace(toHuggingFace(encoder)).params).toEqual(encoder);
    const newer = Object.entries(named).map(([name, array]) => [
      name.replace('decoder.decoder_layers.', 'decoder.decoder_encoder.layer.'),
      array,
    ]);
    expect(fromHuggingFace(Object.fromEntries(newer)).params).toEqual(all);
  });

  it('are those of a ViTModel without decoder and prefix', () => {
    const whole = toHuggingFace({ ...encoder, ...decoder }, { positions });
    const alone = toHuggingFace({ ...encoder, ...decoder }, { positions, model: 'ViTModel' });
    const names = Object.keys(whole).filter((name) => name.startsWith('vit.'));
    expect(Object.keys(alone).map((name) => `vit.${name}`)).toEqual(names);
    expect(() => toHuggingFace(encoder, { model: 'ViT' as 'ViTModel' })).toThrow(
      "toHuggingFace: model must be ViTMAEForPreTraining or ViTModel, got 'ViT'",
    );
  });

  it('take learned positions in place of fixed ones', () => {
    const learned = {
      'encoder/positions': numbered(1, 4, 2),
      'decoder/positions': numbered(1, 5, 4),
    };
    const all = { ...encoder, ...decoder, ...learned };
    const row = [...learned['encoder/positions'].data];
    expect([...(toTimm(all, { positions }).pos_embed?.data ?? [])]).toEqual([0, 0, ...row]);
    const named = toHuggingFace(all, { positions, decoderPositions: new Float32Array(16) });
    const encoders = named['vit.embeddings.position_embeddings'];
    expect([...(encoders?.data ?? [])]).toEqual([0, 0, ...row]);
    expect(named['decoder.decoder_pos_embed']).toEqual(learned['decoder/positions']);
    expect(fromHuggingFace(named).decoderPositions).toEqual(learned['decoder/positions'].data);
  });

  it('turn the patch kernel into a convolution', () => {
    const ours = encoder['encoder/patch/kernel'] as NamedArray;
    const theirs = toTimm(encoder)['patch_embed.proj.weight'] as NamedArray;
    expect(theirs.shape).toEqual([2, 3, 2, 2]);
    for (const [d, c, y, x] of [
      [0, 0, 0, 1],
      [1, 2, 1, 0],
      [0, 1, 1, 1],
    ] as const) {
      expect(at(theirs, d, c, y, x)).toBe(at(ours, (y * 2 + x) * 3 + c, d));
    }
  });

  it('split queries, keys and values by columns', () => {
    const ours = encoder['encoder/blocks/0/attention/qkv/kernel'] as NamedArray;
    const key = toHuggingFace(encoder)[
      'vit.encoder.layer.0.attention.attention.key.weight'
    ] as NamedArray;
    expect(key.shape).toEqual([2, 2]);
    expect(at(key, 1, 0)).toBe(at(ours, 0, 2 + 1));
  });

  it('fold a learned position of the class token into the token', () => {
    const named = toTimm(encoder, { positions });
    const table = named.pos_embed as NamedArray;
    expect(table.shape).toEqual([1, 5, 2]);
    const data = Float32Array.from(table.data as Float32Array);
    data.set([10, 20]);
    const { params } = fromTimm({ ...named, pos_embed: { ...table, data } });
    const [a, b] = (encoder['encoder/cls'] as NamedArray).data as Float32Array;
    expect([...(params['encoder/cls'] as NamedArray).data]).toEqual([(a ?? 0) + 10, (b ?? 0) + 20]);
  });

  it('say what is missing or does not fit', () => {
    const { 'encoder/cls': _, ...without } = encoder;
    expect(() => toTimm(without)).toThrow('toTimm: missing encoder/cls');
    expect(() => fromTimm({})).toThrow(/^fromTimm: missing patch_embed.proj.weight/);
    expect(() => toTimm(encoder, { channels: 5 })).toThrow(/set channels/);
    expect(() => toTimm(encoder, { positions: new Float32Array(3) })).toThrow(/rows of 2 numbers/);
  });
});
