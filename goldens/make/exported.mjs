// Trains a tiny CAN for two steps at three image sizes and exports it: node goldens/make/exported.mjs FOLDER
import { join } from 'node:path';
import { chooseBackend } from '@twocan/backend';
import { resolveCanConfig } from '@twocan/can';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { key } from '@twocan/core';
import { shapes } from '@twocan/data';
import { pretrainWith, resolveConfig } from '@twocan/pretrain';
import { exportModel } from 'twocan';

const [, , folder = ''] = process.argv;
await chooseBackend('cpu');

for (const [size, patch] of [
  [32, 8],
  [64, 8],
  [224, 16],
]) {
  const dataset = shapes({ key: key(size), count: 4, size });
  const settings = {
    imageSize: size,
    patch,
    steps: 2,
    batch: 2,
    checkpointEvery: 2,
    recipe: 'paper',
  };
  const model = resolveCanConfig({
    method: 'can',
    encoder: { image: { height: size, width: size }, patch, width: 16, depth: 2, heads: 2 },
    decoder: { width: 8, depth: 1, heads: 2, mlpRatio: 2 },
  });
  const config = { ...resolveConfig(settings, dataset), model };
  const run = join(folder, String(size));
  for await (const event of pretrainWith(config, { dataset })) {
    if (event.type !== 'checkpoint') continue;
    const own = { version: 1, data: 'shapes:4', evaluation: null, backend: 'cpu', options: {} };
    const { params } = event.state;
    await saveCheckpoint(run, { step: 2, params, config: { ...own, ...config } });
  }
  for (const to of ['timm', 'transformers', 'onnx', 'safetensors']) {
    await exportModel({ model: run, to, out: join(folder, `${size}-${to}`), backend: 'cpu' });
  }
}
