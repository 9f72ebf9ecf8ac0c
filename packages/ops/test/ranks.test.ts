import {
  dispose,
  memory,
  mul,
  ones,
  square,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { type Communicator, key, normal, solo, valueAndGrad } from '@twocan/core';
import { batchNorm, gatherRows, startMeans, sumOverRanks } from '@twocan/ops';
import { describeBackends, expectNoLeak, inLockstep } from '@twocan/testkit';
import { expect, it } from 'vitest';

const numbers = (x: Tensor): number[] => [...x.dataSync()];

function meansOf(tensors: readonly Tensor[], communicator: Communicator): readonly Tensor[] {
  const means = startMeans(communicator);
  for (const each of tensors) means.add(each);
  return means.wait();
}

describeBackends('sums and rows over ranks', () => {
  it('sum a tensor, and its gradient over the losses of all ranks', () => {
    const results = inLockstep(3, (communicator) => {
      const weight = communicator.rank + 1;
      const differentiate = valueAndGrad(({ x }: { readonly x: Tensor1D }) => ({
        loss: sum(mul(sumOverRanks(x, communicator), weight)) as never,
      }));
      const { loss, grads } = differentiate({ x: tensor1d([10 ** communicator.rank, 0]) });
      return [...numbers(loss), ...numbers(grads.x)];
    });
    // 111 times the rank's weight; each element counts in the losses of weights 1, 2 and 3.
    expect(results).toEqual([
      [111, 6, 6],
      [222, 6, 6],
      [333, 6, 6],
    ]);
  });

  it('gather rows in the order of ranks, and the gradients of a rank’s own rows from all', () => {
    const results = inLockstep(2, (communicator) => {
      const { rank } = communicator;
      const weights = tensor2d(
        [1, 2, 3, 4].map((w) => w * 10 ** rank),
        [4, 1],
      );
      let all: number[] = [];
      const differentiate = valueAndGrad(({ x }: { readonly x: Tensor2D }) => {
        const rows = gatherRows(x, communicator);
        all = numbers(rows);
        return { loss: sum(mul(rows, weights)) as never };
      });
      const { grads } = differentiate({ x: tensor2d([5 + 2 * rank, 6 + 2 * rank], [2, 1]) });
      return [all, numbers(grads.x)];
    });
    expect(results).toEqual([
      [
        [5, 6, 7, 8],
        [11, 22],
      ],
      [
        [5, 6, 7, 8],
        [33, 44],
      ],
    ]);
  });

  it('mean tensors large and small, and leave what they are given as it was', () => {
    const sizes = [3, 70_000, 1, 2, 100_000];
    const made = (rank: number) =>
      sizes.map((size, i) => normal(key(10 * i + rank), size).map((x) => Math.fround(x)));
    const results = inLockstep(2, (communicator) => {
      const own = made(communicator.rank);
      const tensors = own.map((values) => tensor(values.slice(), [1, values.length]));
      const means = meansOf(tensors, communicator);
      expect(means.map(({ shape }) => shape)).toEqual(tensors.map(({ shape }) => shape));
      tensors.forEach((each, i) => {
        expect(each.dataSync()).toEqual(own[i]);
      });
      return means.map((each) => each.dataSync<'float32'>().slice());
    });
    const [a, b] = [made(0), made(1)];
    for (const means of results) {
      means.forEach((mean, i) => {
        const want = mean.map((_, j) => ((a[i]?.[j] ?? 0) + (b[i]?.[j] ?? 0)) / 2);
        const far = mean.reduce((most, x, j) => Math.max(most, Math.abs(x - (want[j] ?? 9))), 0);
        expect(far).toBeLessThan(1e-6);
      });
      expect(means).toEqual(results[0]);
    }
  });

  it('start sums as soon as they are large enough, and let them go on', () => {
    const events: string[] = [];
    const recorded: Communicator = {
      ...solo,
      size: 2,
      startSum: ({ length }) => {
        events.push(`start ${length}`);
        return {
          test: () => events.push(`test ${length}`) > 3,
          wait: () => void events.push(`wait ${length}`),
        };
      },
    };
    const means = startMeans(recorded);
    const sizes = [3, 70_000, 2, 65_531, 10, 1];
    const given = sizes.map((size, i) => mul(ones([size]), i));
    for (const x of given) means.add(x);
    expect(events.filter((event) => event.startsWith('start'))).toEqual([
      'start 70000',
      'start 65536',
    ]);
    expect(events.filter((event) => event.startsWith('test')).length).toBeGreaterThan(2);
    const found = means.wait();
    expect(events.slice(-4)).toEqual(['start 11', 'wait 70000', 'wait 65536', 'wait 11']);
    // Nobody added anything: half of each is left.
    expect(found.map((x) => [x.size, x.dataSync()[0]])).toEqual(sizes.map((n, i) => [n, i / 2]));
    dispose([...given, ...found]);
  });

  it('wait for sums that are under way when they are dropped', () => {
    const events: string[] = [];
    const recorded: Communicator = {
      ...solo,
      size: 2,
      startSum: () => ({ test: () => false, wait: () => void events.push('wait') }),
    };
    const x = ones([70_000]);
    const before = memory().numTensors;
    const means = startMeans(recorded);
    means.add(x);
    means.add(x);
    const little = ones([2]);
    means.add(little);
    little.dispose();
    means.drop();
    expect(events).toEqual(['wait', 'wait']);
    expect(memory().numTensors).toBe(before);
    x.dispose();
  });

  it('leak nothing', () => {
    const x = ones([70_000, 1]) as Tensor2D;
    const [scale, bias] = [ones([1]), ones([1])] as [Tensor1D, Tensor1D];
    const two = {
      ...solo,
      size: 2,
      gather: (bytes: Uint8Array) => new Uint8Array(2 * bytes.length),
    };
    expectNoLeak(() => sumOverRanks(x, two));
    expectNoLeak(() => gatherRows(x, two));
    expectNoLeak(() => meansOf([x, scale], two) as Tensor[]);
    expectNoLeak(() => batchNorm(x, scale, bias, 1e-5, two));
    const before = memory().numTensors;
    x.dispose();
    scale.dispose();
    bias.dispose();
    expect(memory().numTensors).toBe(before - 3);
  });
});

describeBackends('batchNorm over ranks', () => {
  it('has the values and gradients of all rows together', () => {
    const [rows, width, ranks] = [6, 4, 3];
    const values = normal(key(1), rows * width).map((x) => 2 * x + 1);
    const weights = normal(key(2), rows * width);
    const run = (communicator: typeof solo, first: number, count: number) => {
      const own = (of: Float32Array) =>
        tensor2d(of.subarray(first * width, (first + count) * width), [count, width]);
      const w = own(weights);
      let y: number[] = [];
      const differentiate = valueAndGrad(
        (p: { readonly x: Tensor2D; readonly scale: Tensor1D; readonly bias: Tensor1D }) => {
          const out = batchNorm(p.x, p.scale, p.bias, 1e-5, communicator);
          y = numbers(out);
          return { loss: sum(square(mul(out, w))) as never };
        },
      );
      const scale = tensor1d([1, 2, -1, 0.5]);
      const { grads } = differentiate({ x: own(values), scale, bias: tensor1d([0, 1, 2, 3]) });
      return { y, x: numbers(grads.x), scale: numbers(grads.scale), bias: numbers(grads.bias) };
    };
    const whole = run(solo, 0, rows);
    const parts = inLockstep(ranks, (communicator) =>
      run(communicator, (communicator.rank * rows) / ranks, rows / ranks),
    );
    const expectNear = (got: readonly number[], want: readonly number[]): void =>
      want.forEach((value, i) => {
        expect(Math.abs((got[i] ?? 9e9) - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      });
    expectNear(
      parts.flatMap(({ y }) => y),
      whole.y,
    );
    expectNear(
      parts.flatMap(({ x }) => x),
      whole.x,
    );
    for (const name of ['scale', 'bias'] as const) {
      const sums = whole[name].map((_, i) =>
        parts.reduce((sum, each) => sum + (each[name][i] ?? 0), 0),
      );
      expectNear(sums, whole[name]);
    }
  });
});
