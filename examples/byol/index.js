// Pretraining without negatives: BYOL, whose teacher is the moving average that the trainer keeps.
import { tensor4d } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { canLoss, initCan, resolveCanConfig } from '@twocan/can';
import { disposeTree, fold, key } from '@twocan/core';
import { makeBatches, shapes } from '@twocan/data';
import { adamw, warmupCosine } from '@twocan/optim';
import { disposeState, fit, initState, makeStep } from '@twocan/trainer';
import { byol, initPredictor } from './byol.js';

await chooseBackend(['simd', 'wasm', 'cpu']);

const [STEPS, SIZE] = [80, 16];
const root = key(0);
const config = resolveCanConfig({
  method: 'simclr',
  encoder: { image: { height: SIZE, width: SIZE }, patch: 4, width: 64, depth: 2, heads: 2 },
  projector: { hidden: 128, layers: 1, out: 32, batchNorm: true },
});

const pictures = shapes({ key: fold(root, 'pictures'), count: 1024, size: SIZE });
const batches = makeBatches(pictures, { key: fold(root, 'batches'), batch: 64, size: SIZE });

const learningRate = warmupCosine({ base: 3e-3, warmup: 10, total: STEPS });
const optimizer = adamw({ learningRate, weightDecay: 0.05 });
const terms = [byol];
const params = {
  ...initCan(fold(root, 'init'), config, { terms }),
  predictor: initPredictor(fold(root, 'predictor'), config.projector),
};
const state = initState(params, optimizer, { ema: true });
disposeTree(params);

const loss = canLoss(config, { terms });
const step = makeStep(
  (p, { views, shape }, context) =>
    loss(p, { views: views.map((view) => tensor4d(view, shape)) }, context),
  optimizer,
  { ema: 0.98 },
);
for await (const event of fit({ state, step, key: fold(root, 'train'), batches, until: STEPS })) {
  if (event.type === 'step' && (event.step % 20 === 0 || event.step === 1)) {
    const { loss, spread } = event.metrics;
    console.log(`step ${event.step} loss ${loss.toFixed(3)} spread ${spread.toFixed(3)}`);
  }
  if (event.type === 'done') disposeState(event.state);
}
