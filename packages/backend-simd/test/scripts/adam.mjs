// Variables, minimize and Adam: a small network learns exclusive or.
import * as tf from '@tensorflow/tfjs';
import '@twocan/backend-simd';

await tf.setBackend('simd');
const x = tf.tensor2d([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
const y = tf.tensor2d([0, 1, 1, 0], [4, 1]);
const w1 = tf.variable(tf.randomNormal([2, 16], 0, 1, 'float32', 1));
const b1 = tf.variable(tf.zeros([16]));
const w2 = tf.variable(tf.randomNormal([16, 1], 0, 1, 'float32', 2));
const loss = () => x.matMul(w1).add(b1).tanh().matMul(w2).sub(y).square().mean();
const optimizer = tf.train.adam(0.05);
const before = tf.tidy(() => loss().dataSync()[0]);
for (let i = 0; i < 100; i++) {
  const { grads, value } = tf.variableGrads(loss, [w1, b1, w2]);
  optimizer.applyGradients(grads);
  tf.dispose([grads, value]);
}
const after = tf.tidy(() => loss().dataSync()[0]);
console.log(JSON.stringify({ backend: tf.getBackend(), before, after }));
