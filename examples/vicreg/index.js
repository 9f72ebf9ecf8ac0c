// Pretraining with VICReg in place of InfoNCE: views, encoder, projector and trainer stay as they are.
import { tensor4d } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { canLoss, initCan, resolveCanConfig } from '@twocan/can';
import { disposeTree, fold, key } from '@twocan/core';
import { makeBatches, shapes } from '@twocan/data';
import { adamw, warmupCosine } from '@twocan/optim';
import { disposeState, fit, initState, makeStep } from '@twocan/trainer';
import { vicreg } from './vicreg.js';

await chooseBackend(['simd', 'wasm', 'cpu']);

const [STEPS, SIZE] = [80, 16];
const root = key(0);
const config = resolveCanConfig({
  method: 'simclr',
  encoder: { image: { height: SIZE, width: SIZE }, patch: 4, width: 64, depth: 2, heads: 2 },
  projector: { hidden: 128, layers: 2, out: 32 },
});

// Two crops of each picture, without flips and colour changes: small enough for a minute of training.
const pictures = shapes({ key: fold(root, 'pictures'), count: 1024, size: SIZE });
const augmentation = { scale: [0.8, 1], flip: 0, jitter: 0, grey: 0 };
const batches = makeBatches(pictures, {
  ...{ key: fold(root, 'batches'), batch: 64, size: SIZE, augmentation },
});

const learningRate = warmupCosine({ base: 3e-3, warmup: 10, total: STEPS });
const optimizer = adamw({ learningRate, weightDecay: 0.05 });
const params = initCan(fold(root, 'init'), config, { terms: vicreg });
const state = initState(params, optimizer);
disposeTree(params);

const loss = canLoss(config, { terms: vicreg });
const step = makeStep(
  (p, { views, shape }, context) =>
    loss(p, { views: views.map((view) => tensor4d(view, shape)) }, context),
  optimizer,
);
for await (const event of fit({ state, step, key: fold(root, 'train'), batches, until: STEPS })) {
  if (event.type === 'step' && (event.step % 20 === 0 || event.step === 1)) {
    const shown = ['loss', ...vicreg.map(({ name }) => name)].map(
      (name) => `${name} ${event.metrics[name].toFixed(3)}`,
    );
    console.log(`step ${event.step} ${shown.join(' ')}`);
  }
  if (event.type === 'done') disposeState(event.state);
}
