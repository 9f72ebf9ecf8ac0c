import { mul, type Scalar, square, sub, sum, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { disposeTree, key, type LossOutput } from '@twocan/core';
import { sgd } from '@twocan/optim';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import {
  disposeState,
  gradientShares,
  initState,
  type LossTerm,
  makeBalancedStep,
} from '../src/index.ts';

type P = { readonly shared: Tensor; readonly own: Tensor };
/** What the first loss is drawn to. */
type B = { readonly goal: Tensor };

const start = (): P => ({ shared: tensor1d([1, 2]), own: tensor1d([5]) });
const goal = (...values: number[]): B => ({ goal: tensor1d(values) });
const total = (x: Tensor): Scalar => sum(x) as Scalar;

// Gradients over `shared`: 2 (shared - goal), and (0, 3). Over `own`: none, and 4.
const toGoal = (p: P, { goal }: B): LossOutput => ({
  loss: total(square(sub(p.shared, goal))),
  metrics: { distance: total(square(sub(p.shared, goal))) },
});
const along = (p: P): LossOutput => ({
  loss: sub(total(mul(p.shared, tensor1d([0, 3]))), mul(total(p.own), -4)) as Scalar,
});
const terms = (a: number, b: number): LossTerm<P, B>[] => [
  { name: 'a', weight: a, loss: toGoal },
  { name: 'b', weight: b, loss: along },
];
const numbers = (metrics: { readonly [name: string]: Tensor }) =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, value.dataSync()[0] ?? Number.NaN]),
  );
const close = { rtol: 1e-6, atol: 1e-6 };

describeBackends('gradientShares', () => {
  it('are the lengths of the weighted gradients of the shared parameters, of all together 1', () => {
    const params = start();
    const batch = goal(-2, -2); // its gradient is (6, 8), of length 10
    const shares = gradientShares(terms(0.6, 3), 'shared')(params, batch, { key: key(0) });
    // 0.6 · 10 = 6 beside 3 · 3 = 9.
    expectClose(shares['share/a'] as Tensor, 6 / 15, close);
    expectClose(shares['share/b'] as Tensor, 9 / 15, close);
    expect(Object.keys(shares)).toEqual(['share/a', 'share/b']);
    disposeTree([params, batch, shares]);
  });

  it('are 0 where there is no gradient at all', () => {
    const params = start();
    const batch = goal(1, 2);
    const one = terms(1, 1).slice(0, 1);
    const shares = gradientShares(one, 'shared')(params, batch, { key: key(0) });
    expect(numbers(shares)).toEqual({ 'share/a': 0 });
    disposeTree([params, batch, shares]);
  });

  it('leak nothing', () => {
    const params = start();
    const batch = goal(0, 0);
    expectNoLeak(() => gradientShares(terms(1, 1), 'shared')(params, batch, { key: key(0) }));
    disposeTree([params, batch]);
  });
});

describeBackends('makeBalancedStep', () => {
  const after = (weights: readonly [number, number], goals: readonly B[]) => {
    const params = start();
    const optimizer = sgd({ learningRate: 1 });
    const state = initState(params, optimizer);
    const made = terms(...weights);
    const [only] = goals as [B];
    const { state: next, metrics } =
      goals.length === 1
        ? makeBalancedStep(made, 'shared', optimizer)(state, only, key(0))
        : makeBalancedStep(made, 'shared', optimizer, { accumulate: goals.length })(
            state,
            goals,
            key(0),
          );
    const found = {
      shared: [...next.params.shared.dataSync()],
      own: [...next.params.own.dataSync()],
      metrics: numbers(metrics),
    };
    disposeState(next);
    disposeState(state);
    disposeTree([params, metrics, [...goals]]);
    return found;
  };

  /** By hand: the gradient, and the weights of the step. */
  const byHand = ([a, b]: readonly [number, number], [x, y]: readonly [number, number]) => {
    const first = [2 * (1 - x), 2 * (2 - y)] as const;
    const length = Math.hypot(...first);
    const sum = a * length + b * 3;
    const [wa, wb] = [(a / (a + b)) * (sum / length), (b / (a + b)) * (sum / 3)];
    return { wa, wb, shared: [wa * first[0], wa * first[1] + wb * 3], own: wb * 4 };
  };

  it('gives each term its share, in every parameter, and keeps the sum of the lengths', () => {
    const weights = [0.6, 3] as const;
    const { wa, wb, ...slope } = byHand(weights, [-2, -2]);
    // The lengths 10 wa and 3 wb stand as 0.6 to 3, and add up to 0.6 · 10 + 3 · 3.
    expect([10 * wa, 3 * wb].map((x) => x.toFixed(9))).toEqual(['2.500000000', '12.500000000']);
    const found = after(weights, [goal(-2, -2)]);
    expectClose(found.shared, [1 - (slope.shared[0] ?? 0), 2 - (slope.shared[1] ?? 0)], close);
    expectClose(found.own, [5 - slope.own], close);
    expectClose(found.metrics['weight/a'] ?? 0, wa, close);
    expectClose(found.metrics['weight/b'] ?? 0, wb, close);
    // Losses 9 + 16, and 6 + 20, with the weights given.
    expectClose(found.metrics.loss ?? 0, 0.6 * 25 + 3 * 26, close);
    expect(found.metrics.distance).toBe(25);
  });

  it('balances each of several batches by itself, and averages', () => {
    const weights = [1, 1] as const;
    const one = byHand(weights, [-2, -2]);
    const two = byHand(weights, [4, 0]);
    const found = after(weights, [goal(-2, -2), goal(4, 0)]);
    const mean = (i: number) => ((one.shared[i] ?? 0) + (two.shared[i] ?? 0)) / 2;
    expectClose(found.shared, [1 - mean(0), 2 - mean(1)], close);
    expectClose(found.own, [5 - (one.own + two.own) / 2], close);
  });

  it('stays finite where a term has no gradient', () => {
    const found = after([1, 1], [goal(1, 2)]);
    // The other has half of its length.
    expectClose(found.shared, [1, 2 - 1.5], close);
    expectClose(found.own, [5 - 2], close);
  });
});

describe('terms', () => {
  const refusing =
    (...given: unknown[]) =>
    () =>
      gradientShares(given as never, 'shared');
  const term = terms(1, 1)[0];

  it('need a name of their own, a weight and a loss', () => {
    expect(refusing()).toThrow('gradientShares: terms must hold a term');
    expect(refusing(term, term)).toThrow(/terms\[1\].name must be a name of its own, got .a/);
    expect(refusing({ ...term, weight: 0 })).toThrow(
      'terms[0].weight must be a number above 0, got 0',
    );
    expect(() => makeBalancedStep([], 'shared', sgd({ learningRate: 1 }))).toThrow(
      'makeBalancedStep: terms must hold a term',
    );
  });

  it('share a part of the parameters that is there', () => {
    const params = start();
    const shares = gradientShares(terms(1, 1), 'encoder');
    expect(() => shares(params, goal(0, 0), { key: key(0) })).toThrow(
      /^gradientShares: params.*encoder/,
    );
    disposeTree([params]);
  });
});
