import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, tensor4d } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { canLoss, initCan } from '@twocan/can';
import { fold, key } from '@twocan/core';
import { makeBatches, shapes } from '@twocan/data';
import { afterAll, expect, test } from 'vitest';
import type { RunConfig } from '../src/config.ts';
import { metricsOf, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);

// A seed is one run, in every version: parameters, images, crops, masks and noise come from keys folded by
// these names. The first step is computed once more from the packages alone.
test('the first loss of a run follows from its seed by the names of its keys', async () => {
  const out = folder.path('run');
  const { code } = await twocan([
    ...['pretrain', '--data', 'shapes:6', '--batch', '2', '--steps', '1', '--seed', '5'],
    ...['--backend', 'simd', '--threads', '1', '--checkpoint-every', '0', '--out', out],
  ]);
  expect(code).toBe(0);
  const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as RunConfig;
  const { model, augmentation, normalization } = config;
  const root = key(5);
  const size = model.encoder.image.width;
  const batches = makeBatches(shapes({ key: fold(key(0), 'train'), count: 6, size }), {
    ...{ key: fold(root, 'data'), batch: 2, size, views: model.views, augmentation },
    ...normalization,
  });
  const { views, shape } = await batches(0);
  await chooseBackend('simd');
  const { loss, metrics = {} } = canLoss(model)(
    initCan(fold(root, 'init'), model),
    { views: views.map((view) => tensor4d(view, [...shape])) },
    fold(fold(root, 'train'), 0),
  );
  const number = (tensor: Tensor | undefined) => tensor?.dataSync()[0];
  const first = metricsOf(out).find(({ step }) => step === 1);
  expect(first).toMatchObject({
    loss: number(loss),
    contrastive: number(metrics.contrastive),
    reconstruction: number(metrics.reconstruction),
    denoising: number(metrics.denoising),
  });
});
