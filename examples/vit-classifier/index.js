// The ViT alone: an encoder, a linear head on its class token, cross entropy, AdamW.
import { argMax, reshape, slice, tidy } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { disposeTree, fold, key, valueAndGrad } from '@twocan/core';
import { dense, initDense } from '@twocan/nn';
import { softmaxCrossEntropy } from '@twocan/ops';
import { adamw, applyTransform } from '@twocan/optim';
import { encodeImages, initEncoder } from '@twocan/vit';
import { CLASSES, drawBatch, SIZE } from './bars.js';

await chooseBackend(['wasm', 'cpu']);

const config = {
  image: { height: SIZE, width: SIZE },
  channels: 1,
  patch: 4,
  width: 32,
  depth: 2,
  heads: 2,
  mlpRatio: 2,
  epsilon: 1e-6,
};
const root = key(0);

function classify(params, images) {
  const tokens = encodeImages(params.encoder, config, images); // [B, 1 + N, D]
  const [batch, , width] = tokens.shape;
  return dense(params.head, reshape(slice(tokens, [0, 0, 0], [batch, 1, width]), [batch, width]));
}

const step = valueAndGrad((params, images, labels) => ({
  loss: softmaxCrossEntropy(classify(params, images), labels),
}));

let params = {
  encoder: initEncoder(fold(root, 'encoder'), config),
  head: initDense(fold(root, 'head'), { in: config.width, out: CLASSES.length }),
};
const optimizer = adamw({ learningRate: 3e-3, weightDecay: 0.01 });
let state = optimizer.init(params);

for (let t = 0; t <= 100; t++) {
  const { images, labels } = drawBatch(fold(fold(root, 'train'), t), 32);
  const { loss, grads } = step(params, images, labels);
  if (t % 20 === 0) console.log(`step ${t} loss ${loss.dataSync()[0].toFixed(3)}`);
  const next = applyTransform(optimizer, grads, state, params, t);
  disposeTree([images, loss, grads, params, state]);
  ({ params, state } = next);
}

const { images, labels } = drawBatch(fold(root, 'test'), 200);
const predicted = tidy(() => argMax(classify(params, images), 1)).dataSync();
const right = predicted.filter((p, i) => p === labels[i]).length;
console.log(`${right} of 200 new images are classified right`);
