import { type Tensor1D, tensor2d, zeros } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { disposeTree, fold, key, normal, permutation } from '@twocan/core';
import { beforeAll, expect, it } from 'vitest';
import { chosenRows } from '../src/features.ts';
import {
  fewShotAccuracy,
  type ProbeRecipe,
  probeAccuracy,
  probeRecipes,
  ridgeAccuracy,
} from '../src/index.ts';
import { optimizerOf } from '../src/probe.ts';
import { columnsOf, standardized } from '../src/standardize.ts';
import { trainLinear } from '../src/train-linear.ts';
import { test, train } from './rows.ts';

// Which rows are drawn, and in which order, is held to the documented folds: a change of them changes
// numbers that people compare.
beforeAll(async () => {
  await chooseBackend('wasm');
});

const WIDTH = train.features.length / train.labels.length;

it('fewShotAccuracy draws the rows of each class and draw by a key of their own', async () => {
  const rowsOf = (label: number): number[] =>
    [...train.labels.keys()].filter((row) => train.labels[row] === label);
  for (const shots of [1, 3]) {
    const [result] = await fewShotAccuracy({ train, test, key: key(4), shots: [shots], draws: 5 });
    const expected: number[] = [];
    for (let draw = 0; draw < 5; draw++) {
      const chosen = [0, 1, 2, 3].flatMap((label) => {
        const own = rowsOf(label);
        const order = permutation(fold(fold(fold(key(4), 'draw'), draw), label), own.length);
        return Array.from(order.slice(0, shots), (i) => own[i] ?? Number.NaN);
      });
      const part = {
        features: chosenRows(train.features, WIDTH, chosen),
        labels: Int32Array.from(chosen, (row) => train.labels[row] ?? -1),
      };
      expected.push((await ridgeAccuracy({ train: part, test })).accuracy);
    }
    expect(result?.accuracies).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(2);
  }
});

it('probeAccuracy begins from a kernel and goes in orders by keys of their own', async () => {
  const recipe: ProbeRecipe = { ...probeRecipes.adamw, epochs: 3, batch: 40 };
  const { losses } = await probeAccuracy({ train, test, key: key(6), recipe });
  const { mean, deviation } = columnsOf(train.features, WIDTH);
  const spread = deviation.map((x) => Math.sqrt(x * x + 1e-6));
  const begin = {
    kernel: tensor2d(
      normal(fold(key(6), 'kernel'), 4 * WIDTH).map((x) => 0.01 * x),
      [WIDTH, 4],
    ),
    bias: zeros([4]) as Tensor1D,
  };
  const orders = [0, 1, 2].map((epoch) => permutation(fold(fold(key(6), 'epoch'), epoch), 120));
  const expected = await trainLinear(
    { features: standardized(train.features, mean, spread), labels: train.labels },
    begin,
    {
      optimizer: optimizerOf(recipe, 40, 3),
      epochs: 3,
      batch: 40,
      orderOf: (epoch) => orders[epoch] ?? new Int32Array(0),
    },
  );
  expect(losses).toEqual(expected.losses);
  expect(new Set(orders.map((order) => order.join())).size).toBe(3);
  disposeTree([begin, expected.params]);
});
