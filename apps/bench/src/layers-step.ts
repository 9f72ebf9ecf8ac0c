// First, as in an app: it brings the layers, and the gradients of all kernels.
import * as tf from '@tensorflow/tfjs';
import { startEngine } from './engine.ts';
import { servePeer } from './peer.ts';

// Epochs of a small model of tfjs-layers on one engine, in a process of its own.
type Settings = readonly [model: string, threads: number, engine: string];

const [IMAGES, BATCH, SIDE, CLASSES] = [512, 64, 28, 10];

const MODELS: Readonly<Record<string, () => tf.Sequential>> = {
  MLP: () => {
    const first = { inputShape: [SIDE, SIDE, 1] };
    return tf.sequential({
      layers: [
        tf.layers.flatten(first),
        tf.layers.dense({ units: 512, activation: 'relu', kernelInitializer: initial(1) }),
        tf.layers.dense({ units: 512, activation: 'relu', kernelInitializer: initial(2) }),
        tf.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: initial(3) }),
      ],
    });
  },
  // The one of TensorFlow.js' MNIST example.
  CNN: () => {
    const convolution = { kernelSize: 5, activation: 'relu' as const };
    const first = { inputShape: [SIDE, SIDE, 1], filters: 8, ...convolution };
    return tf.sequential({
      layers: [
        tf.layers.conv2d({ ...first, kernelInitializer: initial(1) }),
        tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
        tf.layers.conv2d({ filters: 16, ...convolution, kernelInitializer: initial(2) }),
        tf.layers.maxPooling2d({ poolSize: 2, strides: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: initial(3) }),
      ],
    });
  },
};

/** The same on every engine. */
const initial = (seed: number) => tf.initializers.glorotUniform({ seed });

await servePeer(async ([name, threads, engine]: Settings) => {
  const about = await startEngine(engine, { threads });
  const model = MODELS[name]?.();
  if (model === undefined) throw new Error(`there is no model ${name}`);
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  const images = tf.randomNormal([IMAGES, SIDE, SIDE, 1], 0, 1, 'float32', 1);
  const places = Int32Array.from({ length: IMAGES }, (_, i) => (7 * i) % CLASSES);
  const labels = tf.oneHot(tf.tensor1d(places, 'int32'), CLASSES).toFloat();
  const work = async (): Promise<number[]> => {
    const begin = performance.now();
    const { history } = await model.fit(images, labels, {
      batchSize: BATCH,
      epochs: 1,
      shuffle: false,
      verbose: 0,
      yieldEvery: 'never',
    });
    return [performance.now() - begin, history.loss?.[0] as number];
  };
  return { about, work };
});
