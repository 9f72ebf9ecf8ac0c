import {
  add,
  mean,
  memory,
  mul,
  type Scalar,
  sum,
  type Tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import {
  disposeTree,
  fold,
  key,
  type LossContext,
  type LossOutput,
  type Params,
} from '@twocan/core';
import { adamw, sgd, type Transform } from '@twocan/optim';
import { describeBackends, expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import { nonFinite } from '../src/failure.ts';
import { meanGradients } from '../src/gradients.ts';
import { disposeState, initState, isNonFinite, makeStep } from '../src/index.ts';

type P = { readonly w: Tensor };
const plain = sgd({ learningRate: 1 });
/** Its gradient is -1. */
const rising = (p: P): LossOutput => ({ loss: sum(mul(p.w, -1)) as Scalar });
const start = (): P => ({ w: tensor1d([0]) });

describeBackends('the moving average', () => {
  const averageAfter = (ema?: number): number | undefined => {
    const params = start();
    const state = initState(params, plain, { ema: true });
    const step = makeStep<P, null>(rising, plain, ema === undefined ? {} : { ema });
    const next = step(state, null, key(0));
    const value = next.state.ema?.w.dataSync()[0];
    disposeState(next.state);
    disposeState(state);
    disposeTree([params, next.metrics]);
    return value;
  };

  it('follows the weights from 0 to 1 by one minus its decay', () => {
    expectClose(averageAfter(0) ?? NaN, 1);
    expectClose(averageAfter(0.25) ?? NaN, 0.75);
    expectClose(averageAfter() ?? NaN, 0.001); // 0.999 by default
  });

  it('is none unless the state keeps one', () => {
    const params = start();
    const state = initState(params, plain);
    expect(Object.keys(state).sort()).toEqual(['optimizer', 'params', 'step']);
    const next = makeStep<P, null>(rising, plain)(state, null, key(0));
    expect(Object.keys(next.state).sort()).toEqual(['optimizer', 'params', 'step']);
    disposeState(next.state);
    disposeState(state);
    disposeTree([params, next.metrics]);
  });

  it.each([undefined, 1, 2])('is the teacher of the loss, with %s parts', (accumulate) => {
    // ∂(w·teacher)/∂w = teacher, so with rate 1 and decay 1/2: w 1 → 0 → -1/2 → -1/2, average 1 → 1/2 → 0 → -1/4.
    const loss = (p: P, _: unknown, { teacher }: LossContext<P>): LossOutput => ({
      loss: sum(mul(p.w, teacher?.w ?? Number.NaN)) as Scalar,
    });
    const step =
      accumulate === undefined
        ? makeStep<P, unknown>(loss, plain, { ema: 0.5 })
        : makeStep<P, unknown>(loss, plain, { ema: 0.5, accumulate });
    const batch = Array.from({ length: accumulate ?? 1 }, () => null);
    let state = initState<P>({ w: tensor1d([1]) }, plain, { ema: true });
    const seen = [0, 1, 2].map(() => {
      const next = step(state, batch, key(0));
      disposeState(state, next.state);
      disposeTree(next.metrics);
      state = next.state;
      return [state.params.w.dataSync()[0], state.ema?.w.dataSync()[0]];
    });
    expect(seen).toEqual([
      [0, 0.5],
      [-0.5, 0],
      [-0.5, -0.25],
    ]);
    disposeState(state);
  });

  it('is no part of the context where the state keeps none', () => {
    const contexts: LossContext[] = [];
    const state = initState(start(), plain);
    const step = makeStep<P, null>((p, _, context) => {
      contexts.push(context);
      return rising(p);
    }, plain);
    disposeState(step(state, null, key(3)).state);
    expect(contexts).toEqual([{ key: fold(key(3), 0) }]);
    disposeState(state);
  });

  it.each([-0.1, 1, 1.5, Number.NaN])('refuses a decay of %d', (ema) => {
    expect(() => makeStep<P, null>(rising, plain, { ema })).toThrow(
      `makeStep: ema must lie in [0, 1), got ${ema}`,
    );
  });

  it('refuses a state without one, and says what to do', () => {
    const params = start();
    const state = initState(params, plain);
    expect(() => makeStep<P, null>(rising, plain, { ema: 0.5 })(state, null, key(0))).toThrow(
      'makeStep: ema is set but the state keeps no average; give initState ema: true',
    );
    disposeState(state);
    disposeTree(params);
  });
});

describeBackends('a step', () => {
  it('keeps what it borrows, and takes what is donated with finite numbers alone', () => {
    const optimizer = adamw({ learningRate: 0.5, weightDecay: 0 }) as Transform;
    const params = { w: tensor1d([1, 2]) };
    const state = initState(params, optimizer);
    const loss = (p: P, factor: number): LossOutput => ({ loss: mean(mul(p.w, factor)) as Scalar });
    const step = makeStep<P, number>(loss, optimizer);
    for (const [factor, options] of [
      [1, undefined],
      [1, {}],
      [1, { donate: false }],
      [Number.NaN, { donate: true }],
      [Number.POSITIVE_INFINITY, { donate: true }],
    ] as const) {
      const next = step(state, factor, key(0), options);
      expect([...state.params.w.dataSync()]).toEqual([1, 2]);
      disposeState(next.state);
      disposeTree(next.metrics);
    }
    disposeState(state);
    disposeTree(params);
  });

  it('gives the norm of the whole gradient and the metrics of the loss', () => {
    const params = { a: tensor1d([1]), b: tensor1d([1]) };
    const state = initState(params, plain);
    const step = makeStep<typeof params, null>(
      ({ a, b }) => ({
        loss: add(sum(mul(a, 3)), sum(mul(b, 4))) as Scalar,
        metrics: { half: sum(mul(a, 0.5)) as Scalar },
      }),
      plain,
    );
    const next = step(state, null, key(0));
    const metrics = Object.entries(next.metrics).map(([n, t]) => [n, t.dataSync()[0]]);
    expect(Object.fromEntries(metrics)).toEqual({ half: 0.5, loss: 7, gradNorm: 5 });
    disposeState(next.state);
    disposeState(state);
    disposeTree([params, next.metrics]);
  });

  it('names as unused what no part of a batch used', () => {
    const params = { a: tensor1d([1]), b: tensor1d([1]), idle: tensor1d([1]) };
    const state = initState(params, plain);
    type Q = typeof params;
    const step = makeStep<Q, 'a' | 'b'>((p, which) => ({ loss: sum(p[which]) as Scalar }), plain, {
      accumulate: 2,
    });
    const next = step(state, ['a', 'b'], key(0));
    expect(next.unused).toEqual(['idle']);
    expect(next.state.params.a.dataSync()[0]).toBe(0.5);
    disposeState(next.state);
    disposeState(state);
    disposeTree([params, next.metrics]);
  });

  it('of one accumulated batch is a plain step', () => {
    const params = start();
    const state = initState(params, plain);
    const next = makeStep<P, null>(rising, plain, { accumulate: 1 })(state, [null], key(0));
    expect(next.state.params.w.dataSync()[0]).toBe(1);
    disposeState(next.state);
    disposeState(state);
    disposeTree([params, next.metrics]);
  });

  it.each([0, -2, 1.5, Number.NaN])('refuses to accumulate %d batches', (accumulate) => {
    expect(() => makeStep<P, null>(rising, plain, { accumulate })).toThrow(
      `makeStep: accumulate must be a positive integer, got ${accumulate}`,
    );
  });

  it('is the mean of at least one part', () => {
    expect(() => meanGradients([])).toThrow('meanGradients: needs at least one part, got none');
  });
});

describeBackends('states', () => {
  it('share no life with the parameters that they were made of', () => {
    const before = memory().numTensors;
    const params = { w: tensor1d([1, 2]) };
    const state = initState(params, sgd({ learningRate: 1, momentum: 0.5 }), { ema: true });
    disposeTree(params);
    for (const tree of [state.params, state.ema]) {
      expect([...((tree as P).w.dataSync() as Float32Array)]).toEqual([1, 2]);
    }
    expect((state.optimizer as { momentum: P }).momentum.w.dataSync()).toEqual(
      Float32Array.of(0, 0),
    );
    disposeState(state);
    expect(memory().numTensors).toBe(before);
  });

  it('are disposed but for what lives on in another', () => {
    const [shared, old] = [tensor1d([1]), tensor1d([2])];
    const optimizer: Params = { m: old };
    disposeState(
      { step: 0, params: shared, optimizer },
      { step: 1, params: shared, optimizer: {} },
    );
    expect([shared.isDisposed, old.isDisposed]).toEqual([false, true]);
    shared.dispose();
  });
});

describe('the error of a run that is not finite', () => {
  const state = { step: 7, params: {}, optimizer: {} };

  it('names the metrics at fault, the step and what to do', () => {
    const metrics = { loss: Number.NaN, accuracy: 0.5, gradNorm: Number.POSITIVE_INFINITY };
    const error = nonFinite({ step: 7, metrics, learningRate: undefined, state });
    expect(error.message).toBe(
      'fit: metrics must stay finite, got loss NaN, gradNorm Infinity at step 7; lower the learning ' +
        'rate, warm up longer or add clipByGlobalNorm, and go on from the last checkpoint',
    );
    expect(error).toMatchObject({ code: 'NON_FINITE', step: 7, metrics, state });
    expect(nonFinite({ step: 7, metrics, learningRate: 0.1, state }).message).toContain(
      'lower the learning rate (it is 0.1),',
    );
    expect(isNonFinite(error)).toBe(true);
  });

  it('is told from all others', () => {
    const other = Object.assign(new Error('disk'), { code: 'ENOSPC' });
    for (const thing of [new Error('x'), other, { code: 'NON_FINITE' }, null, 'NON_FINITE']) {
      expect(isNonFinite(thing)).toBe(false);
    }
  });
});
