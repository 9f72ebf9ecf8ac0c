import { memory, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { disposeTree, key } from '@twocan/core';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { type ProbeRecipe, probeAccuracy, probeRecipes } from '../src/index.ts';
import { optimizerOf } from '../src/probe.ts';
import { columnsOf, standardized } from '../src/standardize.ts';
import { trainLinear } from '../src/train-linear.ts';
import { golden, test, train } from './rows.ts';

const given = golden.config<Omit<ProbeRecipe, 'optimizer' | 'weightDecay'>>('recipe');

const scaledTrain = (): Float32Array => {
  const { mean, deviation } = columnsOf(train.features, 10);
  return standardized(
    train.features,
    mean,
    deviation.map((x) => Math.sqrt(x * x + 1e-6)),
  );
};

describeBackends('probeAccuracy', () => {
  it.each(['lars', 'adamw'] as const)(
    '%s: batch norm and linear layer as torch trains them',
    async (name) => {
      const { epochs, batch } = given;
      const perEpoch = Math.floor(120 / batch);
      // torch's rate stands as given; LARS's base is a rate at batch 256.
      const base = name === 'lars' ? (given.base * 256) / batch : given.base;
      const weightDecay = name === 'lars' ? 0 : 0.01;
      const recipe = { ...given, optimizer: name, base, weightDecay };
      const orders = Int32Array.from(golden.values('orders'));
      const begin = {
        kernel: golden.tensor('begin') as Tensor2D,
        bias: zeros([4]) as Tensor1D,
      };
      const { params, losses } = await trainLinear(
        { features: scaledTrain(), labels: train.labels },
        begin,
        {
          optimizer: optimizerOf(recipe, batch, perEpoch),
          epochs,
          batch,
          orderOf: (epoch) => orders.subarray(epoch * 120, (epoch + 1) * 120),
        },
      );
      expectClose(losses, golden.values(`${name}/losses`), { rtol: 2e-5 }, 'losses');
      const tolerance = { rtol: 1e-4, atol: 1e-5 };
      expectClose(params.kernel, golden.values(`${name}/kernel`), tolerance, 'kernel');
      expectClose(params.bias, golden.values(`${name}/bias`), tolerance, 'bias');
      disposeTree([begin, params]);
    },
  );

  it("arrives at scikit-learn's logistic regression", async () => {
    const recipe: ProbeRecipe = {
      optimizer: 'adamw',
      base: 0.3,
      epochs: 400,
      warmupEpochs: 5,
      batch: 120,
      weightDecay: 0,
    };
    const { predictions, losses } = await probeAccuracy({ train, test, key: key(3), recipe });
    expectClose(losses.at(-1) ?? 0, golden.values('logistic/loss'), { rtol: 1e-3 });
    expect([...predictions]).toEqual([...Array.from(golden.values('logistic/predictions'))]);
  });

  it('is a function of its key, and leaves no tensor behind', async () => {
    const recipe = { ...probeRecipes.lars, epochs: 3 };
    const before = memory().numTensors;
    const losses = async (seed: number) =>
      (await probeAccuracy({ train, test, key: key(seed), recipe })).losses;
    expect(await losses(1)).toEqual(await losses(1));
    expect(await losses(1)).not.toEqual(await losses(2));
    expect(memory().numTensors).toBe(before);
  });

  it('does not mind the scale of a column, nor a column that never changes', async () => {
    const changed = (features: Float32Array) =>
      features.map((x, i) => (i % 10 === 3 ? 7 : i % 10 === 0 ? 1000 * x : x));
    const flat = (side: typeof train) => ({ ...side, features: changed(side.features) });
    const { accuracy } = await probeAccuracy({ train: flat(train), test: flat(test), key: key(0) });
    expect(accuracy).toBeGreaterThan(0.5);
  });

  it('says what is wrong', async () => {
    const refuse = (changes: object, message: RegExp) =>
      expect(probeAccuracy({ train, test, key: key(0), ...changes })).rejects.toThrow(message);
    const { adamw: usual } = probeRecipes;
    await refuse({ recipe: { ...usual, epochs: 0 } }, /epochs must be a positive integer, got 0/);
    await refuse({ recipe: { ...usual, batch: 1.5 } }, /batch must be a positive integer, got 1.5/);
    await refuse({ classes: 3 }, /probeAccuracy: labels must lie in \[0, 3\), got 3/);
  });
});
