// A small convolutional net: vertical against horizontal stripes.
import * as tf from '@tensorflow/tfjs';
import '@twocan/backend-simd';

await tf.setBackend('simd');
const stripes = tf.tidy(() => {
  const wave = Array.from({ length: 64 }, (_, i) => Math.sin(i % 8));
  const across = tf.tensor4d(wave, [1, 8, 8, 1]);
  return tf.concat([across, across.transpose([0, 2, 1, 3])], 0).tile([16, 1, 1, 1]);
});
const images = stripes.add(tf.randomNormal([32, 8, 8, 1], 0, 0.3, 'float32', 1));
const labels = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: 32 }, (_, i) => i % 2),
    'int32',
  ),
  2,
);
const kernel = tf.variable(tf.randomNormal([3, 3, 1, 8], 0, 0.3, 'float32', 2));
const head = tf.variable(tf.randomNormal([8, 2], 0, 0.3, 'float32', 3));
const loss = () => {
  const maps = tf.maxPool(tf.relu(tf.conv2d(images, kernel, 1, 'same')), 2, 2, 'valid');
  return tf.losses.softmaxCrossEntropy(labels, maps.mean([1, 2]).matMul(head));
};
const optimizer = tf.train.adam(0.05);
const before = tf.tidy(() => loss().dataSync()[0]);
for (let i = 0; i < 60; i++) optimizer.minimize(loss);
const after = tf.tidy(() => loss().dataSync()[0]);
console.log(JSON.stringify({ backend: tf.getBackend(), before, after }));
