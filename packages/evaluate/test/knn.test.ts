import { memory } from '@tensorflow/tfjs-core';
import { fold, key, normal, permutation, uniformInt } from '@twocan/core';
import { describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { knnAccuracy, type LabelledFeatures } from '../src/index.ts';
import golden from './golden/sklearn.json' with { type: 'json' };

const rows = (features: ArrayLike<number>, labels: ArrayLike<number>): LabelledFeatures => ({
  features: Float32Array.from(features),
  labels: Int32Array.from(labels),
});

describeBackends('knnAccuracy', () => {
  it('predicts what scikit-learn predicts, centred or not', async () => {
    const train = rows(golden.train.features, golden.train.labels);
    const test = rows(golden.test.features, golden.test.labels);
    const { k, temperature } = golden;
    const plain = await knnAccuracy({ train, test, k, temperature });
    const centred = await knnAccuracy({ train, test, k, temperature, centre: true });
    expect([...plain.predictions]).toEqual(golden.predictions);
    expect([...centred.predictions]).toEqual(golden.centredPredictions);
    expect(golden.predictions).not.toEqual(golden.centredPredictions);
  });

  it('finds each row among copies of itself, at any length', async () => {
    const features = normal(key(1), 40 * 5);
    const labels = Int32Array.from({ length: 40 }, (_, i) => i);
    const longer = features.map((x, i) => x * (1 + Math.floor(i / 5)));
    const { accuracy, perClass } = await knnAccuracy({
      train: { features, labels },
      test: { features: longer, labels },
      k: 1,
    });
    expect(accuracy).toBe(1);
    expect(perClass).toEqual(Array(40).fill(1));
  });

  it('weighs votes by exp(cosine / temperature)', async () => {
    // One neighbour at cosine 1 against two at cosine ½: e^(½/T) wins over 2 for T < ½ / ln 2.
    const train = rows([1, 0, 0.5, 0.75 ** 0.5, 0.5, -(0.75 ** 0.5)], [0, 1, 1]);
    const test = rows([3, 0], [0]);
    const at = async (temperature: number) =>
      (await knnAccuracy({ train, test, temperature })).predictions[0];
    expect(await at(0.7)).toBe(0);
    expect(await at(0.75)).toBe(1);
    expect(await at(1e-4)).toBe(0);
  });

  it('breaks ties by the earlier row and the lower class, and says NaN for an absent class', async () => {
    const train = rows([1, 0, 1, 0, 0, 1], [2, 0, 1]);
    const { predictions, perClass, accuracy } = await knnAccuracy({
      train,
      test: rows([1, 0], [2]),
      k: 1,
      classes: 4,
    });
    expect(predictions[0]).toBe(2);
    expect(accuracy).toBe(1);
    expect(perClass).toEqual([Number.NaN, Number.NaN, 1, Number.NaN]);
    const both = await knnAccuracy({ train, test: rows([1, 0], [2]), k: 2 });
    expect(both.predictions[0]).toBe(0);
  });

  it('answers the same whatever the number of chunks and the order of the test rows', async () => {
    // 2500 train rows make chunks of 1600 test rows.
    const draw = (name: string, count: number): LabelledFeatures => ({
      features: normal(fold(key(2), name), count * 4),
      labels: uniformInt(fold(key(3), name), count, 3),
    });
    const [train, test] = [draw('train', 2500), draw('test', 1700)];
    const whole = await knnAccuracy({ train, test });
    const order = permutation(key(4), 1700);
    const shuffled = {
      features: Float32Array.from(
        { length: 1700 * 4 },
        (_, i) => test.features[(order[Math.floor(i / 4)] ?? 0) * 4 + (i % 4)] ?? 0,
      ),
      labels: order.map((i) => test.labels[i] ?? 0),
    };
    const again = await knnAccuracy({ train, test: shuffled });
    expect([...again.predictions]).toEqual(Array.from(order, (i) => whole.predictions[i]));
    expect(again.accuracy).toBe(whole.accuracy);
  });

  it('leaves no tensor behind', async () => {
    const side = rows([1, 0, 0, 1], [0, 1]);
    const before = memory().numTensors;
    await knnAccuracy({ train: side, test: side });
    expect(memory().numTensors).toBe(before);
  });

  it('says what is wrong', async () => {
    const side = rows([1, 0, 0, 1], [0, 1]);
    const refuse = (changes: object, message: RegExp) =>
      expect(knnAccuracy({ train: side, test: side, ...changes })).rejects.toThrow(message);
    await refuse({ k: 0 }, /k must be a positive integer, got 0/);
    await refuse({ temperature: 0 }, /temperature must be above 0, got 0/);
    await refuse({ classes: 1 }, /labels must lie in \[0, 1\), got 1/);
    await refuse({ test: rows([1], [0]) }, /train and test must be equally wide, got 2 and 1/);
    await refuse(
      { test: rows([1, 2, 3], [0, 1]) },
      /test must have whole rows, got 3 values for 2/,
    );
    await refuse({ test: rows([1, Number.NaN], [0]) }, /test must be finite, got NaN in row 0/);
  });
});
