// A model of tfjs-layers, compiled and fitted: which side of a line points lie on.
import * as tf from '@tensorflow/tfjs';
import '@twocan/backend-simd';

await tf.setBackend('simd');
const model = tf.sequential({
  layers: [
    tf.layers.dense({
      inputShape: [2],
      units: 16,
      activation: 'relu',
      kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
    }),
    tf.layers.dense({
      units: 1,
      activation: 'sigmoid',
      kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }),
    }),
  ],
});
model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' });
const x = tf.randomNormal([256, 2], 0, 1, 'float32', 3);
const y = tf.tidy(() => x.sum(1, true).greater(0).toFloat());
const { history } = await model.fit(x, y, { epochs: 40, verbose: 0, shuffle: false });
console.log(
  JSON.stringify({ backend: tf.getBackend(), before: history.loss[0], after: history.loss.at(-1) }),
);
