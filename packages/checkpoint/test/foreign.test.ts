import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  filesFromBrowser,
  importWeights,
  type NamedArray,
  type NamedArrays,
} from '../src/index.ts';
import { bytesOf, changed, type FolderName, filesOf, folder, json } from './folders.ts';

const tensorsOf = (name: FolderName): NamedArrays =>
  decodeSafetensors(bytesOf(name)['model.safetensors'] as Uint8Array).tensors;

const renamed = (named: NamedArrays, name: (before: string) => string): NamedArrays =>
  Object.fromEntries(Object.entries(named).map(([before, array]) => [name(before), array]));

const without = (named: NamedArrays, pattern: RegExp): NamedArrays =>
  Object.fromEntries(Object.entries(named).filter(([name]) => !pattern.test(name)));

const zeros = (...shape: number[]): NamedArray => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

/** Imports a golden folder whose tensors or settings are others. */
const imported = (
  name: FolderName,
  named: NamedArrays,
  config: object = {},
  options: Parameters<typeof importWeights>[1] = {},
) =>
  importWeights(
    filesOf({
      'model.safetensors': encodeSafetensors(named),
      'config.json': changed(bytesOf(name)['config.json'], config),
    }),
    options,
  );

describe('names of other programs', () => {
  it.each(['module.', 'model.', 'model.module.'])('may begin with %s', async (prefix) => {
    const { params: plain } = await importWeights(folder('timm'));
    const named = renamed(tensorsOf('timm'), (name) => prefix + name);
    expect((await imported('timm', named)).params).toEqual(plain);
    const mae = await importWeights(folder('vit-mae'));
    const wrapped = renamed(tensorsOf('vit-mae'), (name) => prefix + name);
    expect((await imported('vit-mae', wrapped)).params).toEqual(mae.params);
  });

  it('are those of a ViTModel, a classifier and an older ViTMAE too', async () => {
    const { params } = await importWeights(folder('vit-mae'));
    const encoder = without(tensorsOf('vit-mae'), /^decoder/);
    const bare = renamed(encoder, (name) => name.replace(/^vit\./, ''));
    const head = { 'classifier.weight': zeros(10, 16), 'classifier.bias': zeros(10) };
    const ofEncoder = Object.keys(params).filter((path) => path.startsWith('encoder/'));
    for (const named of [bare, { ...encoder, ...head }]) {
      const read = await imported('vit-mae', named);
      expect(Object.keys(read.params).sort()).toEqual(ofEncoder.sort());
      expect(read.decoder).toBeUndefined();
    }
    const older = renamed(tensorsOf('vit-mae'), (name) =>
      name.replace('decoder_encoder.layer', 'decoder_layers'),
    );
    expect((await imported('vit-mae', older)).params).toEqual(params);
  });

  it('are those of both CAN codes', async () => {
    const named = tensorsOf('mae');
    const { params } = await importWeights(folder('mae'));
    const light = {
      'projection_head.0.weight': zeros(16, 16),
      'projection_head.0.bias': zeros(16),
      'projection_head.2.weight': zeros(8, 16),
      'projection_head.2.bias': zeros(8),
    };
    const authors = await imported('mae', { ...named, ...light });
    expect(authors.format).toBe('mae-contrastive');
    expect(authors.params['projector/layers/1/kernel']?.shape).toEqual([16, 8]);
    // The other code masks before the decoder's projection, with a token of the encoder's width.
    const names: Record<string, string> = {
      decoder_embed: 'decoder.embed',
      decoder_blocks: 'decoder.blocks',
      decoder_norm: 'decoder.norm',
      decoder_pred: 'decoder.head',
      decoder_pos_embed: 'decoder.pos_embed',
    };
    const pair = renamed(without(named, /^mask_token$/), (name) => {
      const [start = '', ...rest] = name.split('.');
      const other = names[start];
      return other === undefined ? `encoder.${name}` : [other, ...rest].join('.');
    });
    const head = { 'projector.0.weight': zeros(4, 16), 'encoder.head.weight': zeros(10, 16) };
    const mask = { 'decoder.mask_token': zeros(1, 1, 16) };
    const can = await imported('mae', { ...pair, ...mask, ...head });
    expect(can.format).toBe('can');
    expect(can.notes.join()).toMatch('projector.0.weight');
    // A token of zeros comes out of the projection as its bias.
    const bias = params['decoder/embed/bias'];
    expect(can.params).toEqual({
      ...params,
      'decoder/mask': { ...bias, shape: [1, 1, 12] },
    });
  });

  it('may lack biases of queries, keys and values, and a class token where one is made', async () => {
    const bare = without(tensorsOf('timm'), /qkv\.bias$/);
    const read = await imported('timm', bare);
    expect(read.params['encoder/blocks/1/attention/qkv/bias']).toEqual(zeros(48));
    expect(read.notes[0]).toBe('queries, keys and values have no bias: it begins at 0');
    const table = tensorsOf('timm').pos_embed as NamedArray;
    const patches = { dtype: 'F32' as const, shape: [1, 16, 16], data: table.data.slice(16) };
    const gap = { ...without(tensorsOf('timm'), /cls_token/), pos_embed: patches };
    await expect(imported('timm', gap)).rejects.toThrow('the model has no class token (cls_token)');
    const fresh = await imported('timm', gap, {}, { classToken: 'fresh' });
    expect(fresh.params['encoder/cls']).toEqual(zeros(1, 1, 16));
    expect(fresh.params['encoder/positions']?.data).toEqual(patches.data);
  });
});

describe('our own names', () => {
  const config = {
    format: 'twocan/weights',
    encoder: {
      image: { height: 16, width: 16 },
      channels: 3,
      patch: 4,
      width: 16,
      depth: 2,
      heads: 2,
      mlpRatio: 4,
      epsilon: 1e-6,
    },
    decoder: { width: 12, depth: 1, heads: 3, mlpRatio: 4 },
    images: { mean: [0.1, 0.2, 0.3], std: [1, 2, 3], interpolation: 'lanczos' },
  };

  it('come back as they are', async () => {
    const mae = await importWeights(folder('mae'));
    const files = (settings: object) =>
      filesOf({ 'a.safetensors': encodeSafetensors(mae.params), 'config.json': json(settings) });
    const { format, params, images, encoder } = await importWeights(files(config));
    expect({ format, params, images, encoder }).toEqual({
      format: 'twocan',
      params: mae.params,
      images: config.images,
      encoder: config.encoder,
    });
    const larger = { ...config, encoder: { ...config.encoder, depth: 3 } };
    await expect(importWeights(files(larger))).rejects.toThrow(
      'importWeights: missing encoder/blocks/2/norm1/scale',
    );
    await expect(importWeights(files({ ...config, encoder: {} }))).rejects.toThrow('encoder.image');
  });
});

describe('what is not read', () => {
  const add = (name: string) => ({ ...tensorsOf('timm'), [name]: zeros(16) });

  it.each([
    ['dist_token', 'a distillation token'],
    ['reg_token', 'register tokens'],
    ['blocks.0.attn.rotary_emb.inv_freq', 'rotary positions'],
    ['rel_pos_bias.table', 'relative positions'],
    ['blocks.0.mlp.fc1_g.weight', 'a gated perceptron (SwiGLU)'],
    ['blocks.0.attn.q_norm.weight', 'norms inside of its blocks'],
    ['norm_pre.weight', 'a norm before its blocks'],
    ['fc_norm.weight', 'a norm after pooling in place of the last norm'],
    ['blocks.0.ls1.gamma', 'layer scale'],
  ])('%s is named as %s', async (name, what) => {
    await expect(imported('timm', add(name))).rejects.toThrow(
      `importWeights: the model has ${what}, which is not supported: ${name}`,
    );
  });

  it.each([
    [{ architecture: 'swin_tiny_patch4' }, 'timm\'s architecture "swin_tiny_patch4"'],
    [{ architecture: 'vit_base_patch16_rope_224' }, 'is not supported'],
    [{ model_args: { act_layer: 'quick_gelu' } }, 'model_args act_layer "quick_gelu"'],
    [{ model_args: { num_heads: 3 } }, 'the width of 16 does not divide into 3 heads'],
    [{ model_args: { num_heads: 1e9 } }, 'num_heads must be a whole number from 1 to 1048576'],
    [{ model_args: { embed_dim: 32 } }, 'config.json says embed_dim 32, the tensors have 16'],
    [
      { model_args: { img_size: 20, num_heads: 2 } },
      'images of 20 x 20 pixels have 25 patches of 4',
    ],
    [{ model_type: 'swin' }, 'model_type "swin" is not supported'],
    [{ hidden_act: 'silu' }, 'hidden_act "silu" is not supported'],
    [
      { pretrained_cfg: { mean: [0, 0], std: 1 } },
      'mean must hold a number for each of 3 channels',
    ],
    [{ pretrained_cfg: { mean: 0, std: 0 } }, 'std must be above 0'],
  ])('config.json with %j', async (settings, message) => {
    await expect(imported('timm', tensorsOf('timm'), settings)).rejects.toThrow(message);
  });

  it('a perceptron whose gate is packed into its first layer', async () => {
    const packed = { ...tensorsOf('timm'), 'blocks.0.mlp.fc2.weight': zeros(16, 32) };
    await expect(imported('timm', packed)).rejects.toThrow('a gated perceptron (SwiGLU)');
  });

  it('says which heads it takes where no file does, and refuses an unusual width', async () => {
    await expect(imported('timm', tensorsOf('timm'), { model_args: {} })).rejects.toThrow(
      'the number of heads is in no file, and is not known for a width of 16; write {"num_heads": N}',
    );
    const read = await imported('timm', tensorsOf('timm'), { model_args: {} }, { heads: 4 });
    expect(read.encoder.heads).toBe(4);
  });

  it('names each tensor that does not fit', async () => {
    const named = { ...tensorsOf('timm'), 'blocks.1.mlp.fc2.weight': zeros(16, 60) };
    const wrong = { ...named, 'norm.bias': { ...zeros(16), dtype: 'I8', data: new Int8Array(16) } };
    await expect(imported('timm', wrong as NamedArrays)).rejects.toThrow(
      'tensors do not fit the model: blocks.1.mlp.fc2.weight is [16, 60] in place of [16, 64], norm.bias is I8, not floating point',
    );
    await expect(imported('timm', without(named, /attn\.proj/))).rejects.toThrow(
      /missing blocks\.0\.attn\.proj\.weight, blocks\.0\.attn\.proj\.bias/,
    );
    await expect(imported('timm', without(named, /pos_embed/))).rejects.toThrow(
      'missing pos_embed',
    );
    const nan = {
      ...tensorsOf('timm'),
      'norm.bias': { ...zeros(16), data: new Float32Array(16).fill(NaN) },
    };
    await expect(imported('timm', nan)).rejects.toThrow('encoder/norm/bias holds NaN or infinity');
  });

  it('are two models in one file, and no model', async () => {
    const two = {
      ...tensorsOf('timm'),
      ...renamed(tensorsOf('timm'), (name) => `teacher.${name}`),
    };
    await expect(imported('timm', two)).rejects.toThrow('there is more than one encoder');
    await expect(imported('timm', { a: zeros(1) })).rejects.toThrow(
      'these are not the weights of a Vision Transformer',
    );
    const live = renamed(tensorsOf('vit-mae'), (name) =>
      name.replace('encoder.layer.0.attention.attention.query', 'layers.0.attention.q_proj'),
    );
    await expect(imported('vit-mae', live)).rejects.toThrow(
      'write the folder with save_pretrained',
    );
  });

  it.each(['pytorch_model.bin', 'mae.pth', 'last.ckpt'])('%s, which is pickled', async (name) => {
    const pickled = { [name]: Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0) };
    const message = `${name} is a pickled file of PyTorch: opening it could run any program`;
    await expect(importWeights(filesOf(pickled))).rejects.toThrow(message);
    const bytes = { 'model.safetensors': pickled[name] as Uint8Array };
    await expect(importWeights(filesOf(bytes))).rejects.toThrow('model.safetensors is a pickled');
  });

  it('folders without weights, or with more than one', async () => {
    await expect(importWeights(filesOf({}))).rejects.toThrow('there are no weights in memory');
    const one = bytesOf('timm')['model.safetensors'] as Uint8Array;
    await expect(
      importWeights(filesOf({ 'a.safetensors': one, 'b.safetensors': one })),
    ).rejects.toThrow('there is more than one file of weights');
    await expect(importWeights(filesOf({ 'model.onnx': one }))).rejects.toThrow(
      'model.onnx is of a format that is not read',
    );
    await expect(importWeights(filesOf({ 'model.safetensors': one.slice(0, -9) }))).rejects.toThrow(
      /model\.safetensors is no safetensors file, or damaged: tensors need \d+ bytes/,
    );
    const settings = { 'model.safetensors': one, 'config.json': Uint8Array.of(0x7b) };
    await expect(importWeights(filesOf(settings))).rejects.toThrow('config.json must be JSON');
  });

  it('an index that leaves its folder, or names what is not there', async () => {
    const files = bytesOf('vit');
    const index = (map: unknown) =>
      importWeights(
        filesOf({ ...files, 'model.safetensors.index.json': json({ weight_map: map }) }),
      );
    await expect(index({ a: '../x.safetensors' })).rejects.toThrow(
      'files of its folder, got "../x',
    );
    await expect(index({ a: 'b.safetensors' })).rejects.toThrow(
      'b.safetensors, which is not there',
    );
    await expect(index({ a: 'model-00001-of-00003.safetensors' })).rejects.toThrow(
      'the index says that model-00001-of-00003.safetensors holds a',
    );
    await expect(index([])).rejects.toThrow('weight_map must hold settings');
    await expect(index({})).rejects.toThrow('weight_map of the index must name a file');
  });
});

describe('files that are chosen in a page', () => {
  it('are read, one or many', async () => {
    const { params } = await importWeights(folder('timm'));
    const files = Object.entries(bytesOf('timm')).map(
      ([name, bytes]) => new File([new Uint8Array(bytes)], name),
    );
    expect((await importWeights(filesFromBrowser(files))).params).toEqual(params);
    const [weights] = files.filter(({ name }) => name.endsWith('.safetensors'));
    const alone = filesFromBrowser(weights ? [weights] : []);
    expect((await importWeights(alone, { heads: 2 })).params).toEqual(params);
    await expect(importWeights(filesFromBrowser([]))).rejects.toThrow('no weights in no file');
  });
});
