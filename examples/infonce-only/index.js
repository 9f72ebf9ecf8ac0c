// One objective in a plain TensorFlow.js script: variables, an optimizer of tfjs and infoNCE.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { infoNCE } from '@twocan/contrastive';
import { fold, key, normal, registerGradients } from '@twocan/core';

// Bare tfjs-core has no gradients. With '@tensorflow/tfjs' this line is not needed.
registerGradients();

const [BATCH, SIGNAL, NUISANCE, WIDTH] = [64, 4, 12, 8];
const draw = (tag, columns) =>
  tf.tensor2d(normal(fold(key(0), tag), BATCH * columns), [BATCH, columns]);

// Two views of 64 things: what they share is 4 numbers, hidden among 12 that differ.
const shared = draw('shared', SIGNAL);
const views = ['a', 'b'].map((view) => tf.concat([shared, draw(view, NUISANCE)], 1));

const encoder = tf.variable(
  tf.tensor2d(normal(fold(key(0), 'encoder'), (SIGNAL + NUISANCE) * WIDTH), [
    SIGNAL + NUISANCE,
    WIDTH,
  ]),
);
const loss = () =>
  infoNCE(tf.matMul(views[0], encoder), tf.matMul(views[1], encoder), { temperature: 0.1 });

const optimizer = tf.train.adam(0.02);
for (let step = 0; step <= 200; step++) {
  const value = optimizer.minimize(loss, true);
  if (step % 40 === 0) console.log(`step ${step} loss ${value.dataSync()[0].toFixed(3)}`);
  value.dispose();
}

// How much of the encoder reads the shared numbers: 4 of 16 rows, so 0.25 before training.
const energy = tf.sum(tf.square(encoder), 1).dataSync();
const total = energy.reduce((a, b) => a + b, 0);
const signal = energy.slice(0, SIGNAL).reduce((a, b) => a + b, 0);
console.log(`share of the encoder that reads the signal: ${(signal / total).toFixed(2)}`);
