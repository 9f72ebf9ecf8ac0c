// An objective of one's own in the trainer, which knows neither images nor ViTs.
import '@tensorflow/tfjs-backend-cpu';
import { add, mul, tensor2d } from '@tensorflow/tfjs-core';
import { disposeTree, fold, key, normal } from '@twocan/core';
import { initMlp } from '@twocan/nn';
import { adamw, warmupCosine } from '@twocan/optim';
import { disposeState, fit, initState, makeStep } from '@twocan/trainer';
import { barlowTwins } from './barlow-twins.js';

const [BATCH, WIDTH, STEPS] = [128, 12, 120];
const root = key(0);
const draw = (from, tag) => tensor2d(normal(fold(from, tag), BATCH * WIDTH), [BATCH, WIDTH]);

/** Two noisy views of the same numbers: the batch of a step follows from the step alone. */
async function batchOf(step) {
  const from = fold(fold(root, 'data'), step);
  const things = draw(from, 'things');
  const [a, b] = ['a', 'b'].map((view) => add(things, mul(0.3, draw(from, view))));
  return { a, b };
}

const learningRate = warmupCosine({ base: 1e-2, warmup: 10, total: STEPS });
const optimizer = adamw({ learningRate, weightDecay: 1e-4 });
const params = initMlp(fold(root, 'mlp'), { width: WIDTH, mlpRatio: 2 });
const state = initState(params, optimizer);
disposeTree(params);

const step = makeStep(barlowTwins({ width: WIDTH, redundancy: 0.1 }), optimizer);
for await (const event of fit({ state, step, key: root, batches: batchOf, until: STEPS })) {
  if (event.type === 'step' && (event.step - 1) % 20 === 0) {
    const { loss, overlap } = event.metrics;
    console.log(`step ${event.step} loss ${loss.toFixed(3)} overlap ${overlap.toFixed(3)}`);
  }
  if (event.type === 'done') disposeState(event.state);
}
