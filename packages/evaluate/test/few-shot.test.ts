import { memory } from '@tensorflow/tfjs-core';
import { key } from '@twocan/core';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { fewShotAccuracy, ridgeAccuracy } from '../src/index.ts';
import { ridgeWeights } from '../src/ridge.ts';
import { columnsOf, standardized } from '../src/standardize.ts';
import { golden, test, train } from './rows.ts';

const ridges = golden.config<Record<string, readonly [rows: number, l2: number]>>('ridges');

const first = (rows: number) => ({
  features: train.features.subarray(0, rows * 10),
  labels: train.labels.subarray(0, rows),
});

describeBackends('ridgeAccuracy', () => {
  it.each(Object.entries(ridges))(
    '%s rows: predicts what scikit-learn predicts',
    async (name, fit) => {
      const [rows, l2] = fit;
      const { predictions } = await ridgeAccuracy({ train: first(rows), test, l2 });
      expect([...predictions]).toEqual(Array.from(golden.values(`ridge/${name}/predictions`)));
    },
  );

  it('says what is wrong', async () => {
    await expect(ridgeAccuracy({ train, test, l2: 0 })).rejects.toThrow(
      'ridgeAccuracy: l2 must be a number above 0, got 0',
    );
  });

  it('refuses columns that depend on each other without a penalty that tells them apart', async () => {
    const twice = {
      features: train.features.map((x, i) =>
        i % 10 === 0 ? x : (train.features[i - (i % 10)] ?? 0),
      ),
      labels: train.labels,
    };
    await expect(ridgeAccuracy({ train: twice, test: twice, l2: 1e-300 })).rejects.toThrow(
      'ridgeAccuracy: l2 must be larger',
    );
  });
});

it.each(Object.entries(ridges))(
  '%s rows: weights are those of scikit-learn',
  (name, [rows, l2]) => {
    const { features, labels } = first(rows);
    const { mean, deviation } = columnsOf(features, 10);
    const scaled = standardized(
      features,
      mean,
      deviation.map((x) => x + 1e-5),
    );
    const x = Float32Array.from({ length: rows * 11 }, (_, i) =>
      i % 11 === 10 ? 100 : (scaled[Math.floor(i / 11) * 10 + (i % 11)] ?? 0),
    );
    const targets = Float64Array.from({ length: rows * 4 }, (_, i) =>
      labels[Math.floor(i / 4)] === i % 4 ? 1 : -1,
    );
    const weights = ridgeWeights(x, { rows, targets, columns: 4 }, l2);
    expectClose(weights, golden.values(`ridge/${name}/weights`), { rtol: 1e-5, atol: 1e-7 });
  },
);

describeBackends('fewShotAccuracy', () => {
  it('with all rows is the ridge on all rows, whatever the draw', async () => {
    const { accuracy } = await ridgeAccuracy({ train, test });
    const before = memory().numTensors;
    const [all] = await fewShotAccuracy({ train, test, key: key(1), shots: [30], draws: 2 });
    expect(all?.accuracies).toEqual([accuracy, accuracy]);
    expect(all?.deviation).toBe(0);
    expect(memory().numTensors).toBe(before);
  });

  it('draws that many rows of each class, other ones in each draw', async () => {
    // Each train row has an axis of its own: a test row is right only if its twin was drawn.
    const count = 12;
    const features = Float32Array.from({ length: count * count }, (_, i) =>
      i % (count + 1) === 0 ? 1 : 0,
    );
    const twins = { features, labels: Int32Array.from({ length: count }, (_, i) => i % 3) };
    const results = await fewShotAccuracy({
      train: twins,
      test: twins,
      key: key(2),
      shots: [1, 4],
      draws: 4,
      l2: 1e-3,
    });
    expect(results[1]?.mean).toBe(1);
    const one = results[0];
    // Three twins are right, and the other nine all look alike: a third of these at most.
    for (const accuracy of one?.accuracies ?? []) {
      expect(accuracy * count).toBeGreaterThanOrEqual(3);
      expect(accuracy * count).toBeLessThanOrEqual(6);
    }
  });

  it('learns more from more shots, the same from the same key', async () => {
    const run = (seed: number) =>
      fewShotAccuracy({ train, test, key: key(seed), shots: [1, 5, 25], draws: 3 });
    const results = await run(5);
    expect(results.map(({ shots }) => shots)).toEqual([1, 5, 25]);
    expect(results[2]?.mean).toBeGreaterThan(results[0]?.mean ?? 1);
    expect(await run(5)).toEqual(results);
    expect(await run(6)).not.toEqual(results);
  });

  it('says what is wrong', async () => {
    const refuse = (changes: object, message: RegExp) =>
      expect(fewShotAccuracy({ train, test, key: key(0), ...changes })).rejects.toThrow(message);
    await refuse({ shots: [1, 31] }, /shots must be at most the 30 train rows of class 0, got 31/);
    await refuse({ shots: [0] }, /shots must be a positive integer, got 0/);
    await refuse({ draws: 0.5 }, /draws must be a positive integer, got 0.5/);
  });
});
