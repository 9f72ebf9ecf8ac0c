import {
  add,
  concat,
  matMul,
  mean,
  mul,
  type Scalar,
  scalar,
  slice,
  square,
  sub,
  type Tensor,
  type Tensor2D,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { disposeTree, fold, type Key, key, normal, type Params } from '@twocan/core';
import { normalizeRows, softmaxCrossEntropy } from '@twocan/ops';
import { sgd } from '@twocan/optim';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { disposeState, initState, makeLargeBatchStep, makeStep } from '../src/index.ts';

type P = { readonly w: Tensor2D };
type B = { readonly a: Tensor2D; readonly b: Tensor2D };

const embed = (params: P, x: Tensor2D): Tensor2D => normalizeRows(matMul(x, params.w) as Tensor2D);
/** Each row of a must find its row of b among all: every example is a negative of the others. */
const contrast = (a: Tensor, b: Tensor): Scalar =>
  softmaxCrossEntropy(
    mul(matMul(a, b, false, true), 5) as Tensor2D,
    Int32Array.from({ length: a.shape[0] ?? 0 }, (_, i) => i),
  );
const own = (params: P, { a }: B): Scalar => mean(square(sub(matMul(a, params.w), 1))) as Scalar;

const size = 4;
const random = (seed: number): Tensor2D => tensor2d(normal(key(seed), size * 3), [size, 3]);
const makeParts = (): B[] => [0, 1, 2].map((i) => ({ a: random(2 * i), b: random(2 * i + 1) }));

describeBackends('makeLargeBatchStep', () => {
  const optimizer = sgd({ learningRate: 1 });
  const inParts = makeLargeBatchStep<P, B>(
    {
      part: (params, batch) => ({
        embeddings: [embed(params, batch.a), embed(params, batch.b)],
        loss: own(params, batch),
        metrics: { own: own(params, batch) },
      }),
      joint: ([a, b]) => ({ loss: contrast(a as Tensor, b as Tensor) }),
    },
    optimizer,
  );

  it('equals the step of the whole batch, which accumulation does not', () => {
    const whole = (params: P, batch: B) => ({
      loss: sub(
        mul(own(params, batch), 1),
        mul(contrast(embed(params, batch.a), embed(params, batch.b)), -1),
      ) as Scalar,
    });
    const parts = makeParts();
    const all = {
      a: concat(parts.map(({ a }) => a)) as Tensor2D,
      b: concat(parts.map(({ b }) => b)) as Tensor2D,
    };
    const params: P = { w: tensor2d(normal(key(9), 9), [3, 3]) };
    const state = initState(params, optimizer);
    const expected = makeStep<P, B>(whole, optimizer)(state, all, key(1));
    const got = inParts(state, parts, key(1));
    const accumulated = makeStep<P, B>(whole, optimizer, { accumulate: 3 })(state, parts, key(1));
    expectClose(got.state.params.w, expected.state.params.w.dataSync(), { atol: 1e-5 });
    expectClose(got.metrics.loss as Tensor, (expected.metrics.loss as Tensor).dataSync());
    const [near, far] = [expected, accumulated].map(
      ({ metrics }) => metrics.loss?.dataSync()[0] ?? 0,
    );
    expect(Math.abs((near ?? 0) - (far ?? 0))).toBeGreaterThan(0.1);
    expectClose(got.metrics.own as Tensor, own(params, all), { rtol: 1e-5 });
    for (const result of [expected, got, accumulated]) {
      disposeState(result.state);
      disposeTree(result.metrics);
    }
    disposeState(state);
    disposeTree([params, all, parts] as Params);
  });

  it('draws a part by its own key, the same in both passes', () => {
    // Each part adds noise of its key, as a model that masks at random does.
    const noisy = (params: P, x: Tensor2D, from: Key): Tensor2D =>
      embed(params, add(x, tensor2d(normal(from, size * 3), [size, 3])));
    const step = makeLargeBatchStep<P, B>(
      {
        part: (params, { a, b }, { key: from }) => ({
          embeddings: [noisy(params, a, from), noisy(params, b, fold(from, 'b'))],
        }),
        joint: ([a, b]) => ({
          loss: contrast(a as Tensor, b as Tensor),
          metrics: { rows: scalar(a?.shape[0] ?? 0) },
        }),
      },
      optimizer,
    );
    const whole = makeStep<P, readonly B[]>((params, parts, { key: from }) => {
      const all = (view: 'a' | 'b'): Tensor =>
        concat(
          parts.map((part, i) => {
            const own = fold(from, i);
            return noisy(params, part[view], view === 'a' ? own : fold(own, 'b'));
          }),
        );
      return { loss: contrast(all('a'), all('b')) };
    }, optimizer);
    const parts = makeParts();
    const params: P = { w: tensor2d(normal(key(9), 9), [3, 3]) };
    const state = { ...initState(params, optimizer), step: 4 };
    const [got, expected] = [step(state, parts, key(1)), whole(state, parts, key(1))];
    expectClose(got.state.params.w, expected.state.params.w.dataSync(), { atol: 1e-5 });
    expectClose(got.metrics.loss as Tensor, expected.metrics.loss as Tensor, { atol: 1e-5 });
    expectClose(got.metrics.rows as Tensor, 12);
    expect(Object.keys(got.metrics).sort()).toEqual(['gradNorm', 'loss', 'rows']);
    for (const result of [got, expected]) {
      disposeState(result.state);
      disposeTree(result.metrics);
    }
    disposeState(state);
    disposeTree([params, parts] as Params);
  });

  it('takes the embeddings of the first pass from embed, where it is given', () => {
    const calls: string[] = [];
    const steps = [false, true].map((apart) =>
      makeLargeBatchStep<P, B>(
        {
          part: (params, { a, b }) => {
            calls.push(apart ? 'part' : 'part alone');
            return { embeddings: [embed(params, a), embed(params, b)] };
          },
          ...(apart && {
            embed: (params: P, { a, b }: B) => {
              calls.push('embed');
              return [embed(params, a), embed(params, b)];
            },
          }),
          joint: ([a, b]) => ({ loss: contrast(a as Tensor, b as Tensor) }),
        },
        optimizer,
      ),
    );
    const parts = makeParts();
    const params: P = { w: tensor2d(normal(key(9), 9), [3, 3]) };
    const state = initState(params, optimizer);
    const [alone, apart] = steps.map((step) => step(state, parts, key(1)));
    expect(calls).toEqual([
      ...Array.from({ length: 6 }, () => 'part alone'),
      ...['embed', 'embed', 'embed', 'part', 'part', 'part'],
    ]);
    expect(apart?.state.params.w.dataSync()).toEqual(alone?.state.params.w.dataSync());
    for (const result of [alone, apart]) {
      if (!result) continue;
      disposeState(result.state);
      disposeTree(result.metrics);
    }
    disposeState(state);
    disposeTree([params, parts] as Params);
  });

  it('takes parts of different sizes, and gives the mean of their metrics', () => {
    const step = makeLargeBatchStep<P, B>(
      {
        part: (params, { a, b }) => ({
          embeddings: [embed(params, a), embed(params, b)],
          metrics: { rows: scalar(a.shape[0]) },
        }),
        joint: ([a, b]) => ({ loss: contrast(a as Tensor, b as Tensor) }),
      },
      optimizer,
    );
    const [first, second] = makeParts();
    if (!first || !second) throw new Error('two parts expected');
    const short = { a: slice(second.a, 0, 1) as Tensor2D, b: slice(second.b, 0, 1) as Tensor2D };
    const all = { a: concat([first.a, short.a]), b: concat([first.b, short.b]) } as B;
    const params: P = { w: tensor2d(normal(key(9), 9), [3, 3]) };
    const state = initState(params, optimizer);
    const got = step(state, [first, short], key(1));
    const expected = makeStep<P, B>(
      (p, { a, b }) => ({ loss: contrast(embed(p, a), embed(p, b)) }),
      optimizer,
    )(state, all, key(1));
    expectClose(got.state.params.w, expected.state.params.w.dataSync(), { atol: 1e-5 });
    expectClose(got.metrics.rows as Tensor, 2.5);
    for (const result of [got, expected]) {
      disposeState(result.state);
      disposeTree(result.metrics);
    }
    disposeState(state);
    disposeTree([params, first, second, short, all] as Params);
  });

  it('leaks nothing', () => {
    const parts = makeParts();
    const params: P = { w: tensor2d(normal(key(9), 9), [3, 3]) };
    const state = initState(params, optimizer);
    expectNoLeak(() => inParts(state, parts, key(1)) as never);
    expect(() => inParts(state, [], key(1))).toThrow(
      'makeLargeBatchStep: needs at least one part, got none',
    );
    disposeState(state);
    disposeTree([params, parts] as Params);
  });
});
