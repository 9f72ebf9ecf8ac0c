// Images of a bright bar on noise: across, upright or diagonal.
import { tensor4d } from '@tensorflow/tfjs-core';
import { fold, normal, uniformInt } from '@twocan/core';

export const SIZE = 16;
export const CLASSES = ['across', 'upright', 'diagonal'];

const isOnBar = [
  (row, _, at) => row === at,
  (_, column, at) => column === at,
  (row, column, at) => (row + column) % SIZE === at,
];

/** Images `[count, 16, 16, 1]` and their labels, the same for the same key. */
export function drawBatch(key, count) {
  const labels = uniformInt(fold(key, 'label'), count, CLASSES.length);
  const places = uniformInt(fold(key, 'place'), count, SIZE);
  const pixels = normal(fold(key, 'noise'), count * SIZE * SIZE).map((z, i) => {
    const image = Math.floor(i / (SIZE * SIZE));
    const [row, column] = [Math.floor(i / SIZE) % SIZE, i % SIZE];
    return 0.3 * z + (isOnBar[labels[image]](row, column, places[image]) ? 1.5 : 0);
  });
  return { images: tensor4d(pixels, [count, SIZE, SIZE, 1]), labels };
}
