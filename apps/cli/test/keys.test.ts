import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { canLoss, initCan } from '@twocan/can';
import { fold, key, type LossContext } from '@twocan/core';
import { type Batch, makeBatches, mixImages, mixTargets, sampleMix, shapes } from '@twocan/data';
import { softTargetCrossEntropy } from '@twocan/ops';
import { adamw, layerDecay, warmupCosine } from '@twocan/optim';
import { fit, initState, makeStep } from '@twocan/trainer';
import {
  type ClassifierParams,
  classify,
  initClassifier,
  initEncoder,
  layerOf,
  sampleDropPath,
} from '@twocan/vit';
import { afterAll, expect, test } from 'vitest';
import type { FinetunePlan } from '../src/finetuning/plan.ts';
import { trainClassifier } from '../src/finetuning/train.ts';
import type { RunConfig } from '../src/run/config.ts';
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
    key: fold(root, 'data'),
    batch: 2,
    size,
    views: model.views,
    augmentation,
    ...normalization,
  });
  const { views, shape } = await batches(0);
  await chooseBackend('simd');
  const { loss, metrics = {} } = canLoss(model)(
    initCan(fold(root, 'init'), model),
    { views: views.map((view) => tensor4d(view, [...shape])) },
    { key: fold(fold(root, 'train'), 0) },
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

test('a classifier follows from its seed by the names of its keys', async () => {
  await chooseBackend('simd');
  const encoder = {
    image: { height: 8, width: 8 },
    channels: 3,
    patch: 4,
    width: 8,
    depth: 2,
    heads: 2,
    mlpRatio: 2,
    epsilon: 1e-6,
  };
  const plan: FinetunePlan = {
    from: null,
    encoder,
    data: 'drawn',
    trainImages: 8,
    backend: 'simd',
    classes: Array.from({ length: 10 }, (_, c) => `class ${c}`),
    normalization: { mean: [0.5], std: [0.5] },
    recipe: {
      epochs: 3,
      batch: 4,
      learningRate: 0.5,
      warmupEpochs: 0,
      weightDecay: 0.05,
      layerDecay: 0.9,
      dropPath: 0.5,
      mixing: { mixup: 0.8, cutmix: 1 },
      smoothing: 0.1,
      augmentation: {},
      seed: 4,
    },
  };
  const images = shapes({ key: key(9), count: 8, size: 8 });
  const { params } = await trainClassifier(plan, images, new AbortController().signal);

  const root = key(4);
  const under = initEncoder(fold(root, 'encoder'), encoder);
  const optimizer = adamw({
    learningRate: warmupCosine({ base: 0.5, warmup: 0, total: 6 }),
    b2: 0.999,
    weightDecay: 0.05,
    rateScale: layerDecay({ depth: 2, decay: 0.9, layerOf: layerOf(2) }),
  });
  const loss = (
    own: ClassifierParams,
    { views, shape, indices }: Batch,
    { key: of }: LossContext,
  ) => {
    const mix = sampleMix(fold(of, 'mix'), plan.recipe.mixing, 8);
    const mixed = mixImages(views[0] ?? new Float32Array(0), mix, 8, 4);
    const labels = indices.map((index) => images.labels?.[index] ?? -1);
    const targets = mixTargets(labels, mix, { classes: 10, smoothing: 0.1 });
    const paths = sampleDropPath(fold(of, 'paths'), { batch: 4, depth: 2, rate: 0.5 });
    const scores = classify(own, encoder, tensor4d(mixed, [...shape]), paths);
    return { loss: softTargetCrossEntropy(scores, tensor2d(targets, [4, 10])) };
  };
  const events = fit({
    key: fold(root, 'train'),
    until: 6,
    step: makeStep(loss, optimizer),
    state: initState(initClassifier(root, under, { width: 8, classes: 10 }), optimizer),
    batches: makeBatches(images, {
      key: fold(root, 'data'),
      batch: 4,
      size: 8,
      views: 1,
      ...plan.normalization,
    }),
  });
  for await (const event of events) {
    if (event.type !== 'done') continue;
    expect([...params.head.kernel.dataSync()]).toEqual([
      ...event.state.params.head.kernel.dataSync(),
    ]);
    expect([...params.encoder.cls.dataSync()]).toEqual([
      ...event.state.params.encoder.cls.dataSync(),
    ]);
  }
  expect(Math.max(...params.head.kernel.dataSync())).toBeGreaterThan(0.1);
});
