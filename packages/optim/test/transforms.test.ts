import {
  div,
  memory,
  scalar,
  sub,
  type Tensor,
  tensor,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { disposeTree, namedLeaves, type Params } from '@twocan/core';
import { updatesInPlace } from '@twocan/ops';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import {
  adamw,
  addDecayedWeights,
  applyTransform,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  globalNorm,
  lars,
  layerDecay,
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleByTrustRatio,
  sgd,
  type Transform,
  trace,
} from '../src/index.ts';

type Tree = { readonly [name: string]: Tensor };

/** The parameters after some steps with gradients that depend on the step. */
function run(
  optimizer: Transform,
  start: number[],
  gradient: (p: number[], t: number) => number[],
  steps: number,
  rank = 1,
): number[] {
  const make = (x: number[]): Tree => ({
    w: rank === 1 ? tensor1d(x) : tensor2d(x, [1, x.length]),
  });
  let params = make(start);
  let state = optimizer.init(params);
  for (let t = 0; t < steps; t++) {
    const grads = make(gradient([...(params.w as Tensor).dataSync()], t));
    const next = applyTransform(optimizer, grads, state, params, t);
    disposeTree([params, state, grads]);
    ({ params, state } = next);
  }
  const result = [...(params.w as Tensor).dataSync()];
  disposeTree([params, state]);
  return result;
}

const ALL: Readonly<Record<string, () => Transform>> = {
  sgd: () => sgd({ learningRate: 0.1 }),
  momentum: () => sgd({ learningRate: 0.05, momentum: 0.5, weightDecay: 0.001 }),
  adamw: () => adamw({ learningRate: (t) => 0.2 / (1 + 0.02 * t), weightDecay: 0 }),
  lars: () => lars({ learningRate: (t) => 5 / (5 + t), trust: 0.1, momentum: 0.5 }),
  chain: () => chain(clipByGlobalNorm(1), sgd({ learningRate: 0.2 })),
  scale: () => chain(clipByGlobalNorm(1), scale(-0.2)),
  adam: () =>
    chain(
      scaleByAdam(),
      scaleByLearningRate((t) => 0.2 / (1 + 0.02 * t)),
    ),
  momentumAfterDecay: () =>
    chain(addDecayedWeights(1e-3), trace(0.5), scaleByLearningRate(0.05)) as Transform,
  trusted: () =>
    chain(
      scaleByTrustRatio({ trust: 0.1 }),
      scale((t) => -5 / (5 + t)),
    ),
};

describeBackends('transforms', () => {
  it.each(Object.entries(ALL))('%s finds the bottom of a parabola', (_, make) => {
    const end = run(make(), [3, -2, 1], (p) => p.map((x) => 2 * (x - 1)), 300, 2);
    expectClose(end, [1, 1, 1], { atol: 0.05 });
  });

  it.each(Object.entries(ALL))(
    '%s borrows, leaks nothing and repeats itself bit for bit',
    (_, make) => {
      const optimizer = make();
      const params: Tree = { w: tensor2d([1, 2, 3, 4], [2, 2]), b: tensor1d([5, 6]) };
      const grads: Tree = { w: tensor2d([0.1, 0.2, 0.3, 0.4], [2, 2]), b: tensor1d([1, 2]) };
      expectNoLeak(() => optimizer.init(params) as never);
      const state = optimizer.init(params);
      expectNoLeak(() => optimizer.update(grads, state, params, 3) as never);
      expectNoLeak(() => applyTransform(optimizer, grads, state, params, 3) as never);
      expectNoLeak(() => applyUpdates(params, grads) as never);
      const read = (): unknown => {
        const next = applyTransform(optimizer, grads, state, params, 3);
        const all = namedLeaves<Tensor>([next.params, next.state] as Params).map(([p, t]) => [
          p,
          [...t.dataSync()],
        ]);
        disposeTree([next.params, next.state]);
        return all;
      };
      expect(read()).toEqual(read());
      disposeTree([params, grads, state]);
    },
  );

  it('adamw follows its equations, decay and bias corrections included', () => {
    const [eta, b1, b2, epsilon, lambda] = [0.1, 0.9, 0.95, 1e-8, 0.05];
    const optimizer = adamw({ learningRate: (t) => eta / (t + 1) });
    const gradient = (p: number[], t: number): number[] => p.map((x, i) => Math.sin(x + i + t));
    for (const rank of [1, 2]) {
      const p = [0.5, -1, 2];
      const [m, v] = [
        [0, 0, 0],
        [0, 0, 0],
      ];
      for (let t = 0; t < 4; t++) {
        const g = gradient(p, t);
        for (let i = 0; i < 3; i++) {
          const [gi = 0, mi = 0, vi = 0, pi = 0] = [g[i], m[i], v[i], p[i]];
          const [m1, v1] = [b1 * mi + (1 - b1) * gi, b2 * vi + (1 - b2) * gi * gi];
          m[i] = m1;
          v[i] = v1;
          const direction =
            m1 / (1 - b1 ** (t + 1)) / (Math.sqrt(v1 / (1 - b2 ** (t + 1))) + epsilon);
          p[i] = pi - (eta / (t + 1)) * ((rank > 1 ? lambda : 0) * pi + direction);
        }
      }
      expectClose(run(optimizer, [0.5, -1, 2], gradient, 4, rank), p, { rtol: 1e-5 });
    }
  });

  it('adamw scales the rate of each leaf', () => {
    const layerOf = (path: string): number =>
      ['encoder/cls', 'encoder/blocks/0/w', 'head'].indexOf(path);
    const rateScale = layerDecay({ depth: 1, decay: 0.5, layerOf });
    const optimizer = adamw({ learningRate: 1, epsilon: 0, weightDecay: 0, rateScale });
    const params = {
      encoder: { cls: tensor([0]), blocks: [{ w: tensor([0]) }] },
      head: tensor([0]),
    };
    const state = optimizer.init(params);
    const { updates } = tidy(() => optimizer.update(params, state, params, 0) as never) as {
      updates: Params;
    };
    disposeTree(updates);
    const grads = {
      encoder: { cls: tensor([3]), blocks: [{ w: tensor([3]) }] },
      head: tensor([3]),
    };
    const next = optimizer.update(grads, state, params, 0);
    // The first Adam step is lr·sign(g).
    const steps = namedLeaves<Tensor>(next.updates).map(([, t]) => t.dataSync()[0] as number);
    expectClose(steps, [-0.25, -0.5, -1]);
    disposeTree([params, state, grads, next.updates, next.state]);
  });

  it('lars gives the published first step', () => {
    const params = { w: tensor2d([1, 2, 3, 4], [2, 2]) };
    const grads = { w: tensor2d([0.1, 0.2, 0.3, 0.4], [2, 2]) };
    const optimizer = lars({ learningRate: 6.4 });
    const state = optimizer.init(params);
    const next = applyTransform(optimizer, grads, state, params, 0);
    expectClose(next.params.w, [0.9936, 1.9872, 2.9808, 3.9744]);
    expectClose((next.state.momentum as typeof params).w, [0.001, 0.002, 0.003, 0.004]);
    disposeTree([params, grads, state, next.params, next.state]);
  });

  it('lars takes vectors and zero norms as plain momentum', () => {
    const plain = run(sgd({ learningRate: 0.1, momentum: 0.9 }), [1, 2], () => [1, -1], 3);
    expectClose(
      run(lars({ learningRate: 0.1 }), [1, 2], () => [1, -1], 3),
      plain,
    );
    expectClose(
      run(lars({ learningRate: 0.1 }), [0, 0], () => [1, -1], 1, 2),
      [-0.1, 0.1],
    );
    expectClose(
      run(lars({ learningRate: 0.1 }), [1, 2], () => [0, 0], 2, 2),
      [1, 2],
    );
  });

  it('sgd with momentum and coupled decay follows its equations', () => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.5, weightDecay: 0.1 });
    // μ₁ = 1 + 0.1·2 = 1.2, p₁ = 1.88; μ₂ = 0.6 + 1 + 0.188 = 1.788, p₂ = 1.7012
    expectClose(
      run(optimizer, [2], () => [1], 2, 2),
      [1.7012],
    );
  });

  it('clipping keeps small gradients bit for bit and shrinks large ones to the limit', () => {
    const grads = { a: tensor1d([3]), b: tensor1d([4]) };
    expectClose(
      tidy(() => globalNorm(grads)),
      5,
    );
    for (const [max, expected] of [
      [10, [3, 4]],
      [1, [0.6, 0.8]],
    ] as const) {
      const { updates } = clipByGlobalNorm(max).update(grads, {}, grads, 0);
      const values = [...updates.a.dataSync(), ...updates.b.dataSync()];
      if (max === 10) expect(values).toEqual(expected);
      else expectClose(values, [...expected]);
      disposeTree(updates);
    }
    expectNoLeak(() => globalNorm(grads));
    disposeTree(grads);
  });

  it('norms and clipping know no gradient too large or too small', () => {
    const direction = [0.3, -0.2, 0.5, 0, 0.7];
    const length = Math.hypot(...direction);
    for (const size of [3e38, 1e25, 1e19, 1e10, 1, 1e-10, 1e-20, 1e-30, 1e-36]) {
      const [one, two] = [direction.slice(0, 2), direction.slice(2)];
      const grads: Tree = {
        a: tensor1d(one.map((v) => v * size)),
        b: tensor1d(two.map((v) => v * size)),
      };
      const relative = tidy(() => div(globalNorm(grads), size));
      expectClose(relative, length, { rtol: 1e-5 });
      const { updates } = clipByGlobalNorm(1).update(grads, {}, grads, 0);
      const clipped = [...(updates.a as Tensor).dataSync(), ...(updates.b as Tensor).dataSync()];
      const shrunk = Math.min(1, 1 / (length * size + 1e-6)) * size;
      expectClose(
        clipped.map((v) => v / shrunk),
        direction,
        { rtol: 1e-5 },
      );
      disposeTree([grads, updates, relative]);
    }
    // Two of the largest numbers: their norm is beyond float32, the clipped gradient is not.
    const largest: Tree = { a: tensor1d([3e38, -3e38]) };
    const { updates } = clipByGlobalNorm(2).update(largest, {}, largest, 0);
    expectClose(updates.a as Tensor, [Math.SQRT2, -Math.SQRT2], { rtol: 1e-5 });
    const none: Tree = { a: tensor1d([0, 0]), b: tensor1d([Number.NaN]) };
    expectClose(
      tidy(() => globalNorm({ a: none.a as Tensor })),
      0,
    );
    const unknown = tidy(() => globalNorm(none));
    expect(unknown.dataSync()[0]).toBeNaN();
    disposeTree([largest, updates, none, unknown]);
  });

  it('lars rescales leaves and gradients of every size', () => {
    const optimizer = lars({ learningRate: 1, momentum: 0, trust: 0.5 });
    for (const [ofP, ofG] of [
      [1, 1],
      [1, 1e25],
      [1, 3e37],
      [1, 1e-25],
      [1, 1e-36],
      [1e25, 1],
      [1e25, 1e-25],
      [1e-25, 1e25],
      [1e-30, 1e-36],
      [3e37, 3e37],
    ] as const) {
      const params: Tree = { w: tensor2d([3 * ofP, 4 * ofP], [1, 2]) };
      const grads: Tree = { w: tensor2d([4 * ofG, -3 * ofG], [1, 2]) };
      const state = optimizer.init(params);
      const next = optimizer.update(grads, state, params, 0);
      const relative = [...(next.updates.w as Tensor).dataSync()].map((v) => v / ofP);
      expectClose(relative, [-2, 1.5], { rtol: 1e-5 });
      disposeTree([params, grads, state, next.updates, next.state]);
    }
  });

  it('the global norm does not depend on the order of the tree', () => {
    // In float32 a one is lost beside 2²⁴, but not sixteen of them that were added before.
    const values = Array.from({ length: 17 }, (_, i) => tensor1d([i === 0 ? 4096 : 1]));
    const name = (i: number): string => `p${String(i).padStart(2, '0')}`;
    const forward = Object.fromEntries(values.map((t, i) => [name(i), t]));
    const backward = Object.fromEntries(values.map((t, i) => [name(i), t] as const).reverse());
    const difference = tidy(() => sub(globalNorm(forward), globalNorm(backward)));
    expect(difference.dataSync()[0]).toBe(0);
    disposeTree([forward, difference]);
  });

  it('a chain says when a state is not its own', () => {
    const optimizer = chain(clipByGlobalNorm(1), sgd({ learningRate: 1 }));
    const params = { w: scalar(1) };
    expect(() => optimizer.update(params, [{}], params, 0)).toThrow(
      /state must have 2 parts, got 1/,
    );
    expect(() => chain()).toThrow(/at least one/);
    expect(() => applyUpdates(params, {} as never)).toThrow(/same structure/);
    disposeTree(params);
  });

  it.each([
    ['adamw', adamw, 'learningRate', -1e-3, 'be at least 0'],
    ['adamw', adamw, 'b1', -0.1, 'lie in [0, 1)'],
    ['adamw', adamw, 'b1', 1, 'lie in [0, 1)'],
    ['adamw', adamw, 'b2', 1, 'lie in [0, 1)'],
    ['adamw', adamw, 'b2', Number.NaN, 'lie in [0, 1)'],
    ['adamw', adamw, 'epsilon', -1e-8, 'be at least 0'],
    ['adamw', adamw, 'weightDecay', -0.1, 'be at least 0'],
    ['sgd', sgd, 'learningRate', -1, 'be at least 0'],
    ['sgd', sgd, 'momentum', 1, 'lie in [0, 1)'],
    ['sgd', sgd, 'momentum', -0.5, 'lie in [0, 1)'],
    ['sgd', sgd, 'weightDecay', -0.1, 'be at least 0'],
    ['lars', lars, 'learningRate', Number.NaN, 'be at least 0'],
    ['lars', lars, 'momentum', 1.5, 'lie in [0, 1)'],
    ['lars', lars, 'weightDecay', -0.1, 'be at least 0'],
    ['lars', lars, 'trust', 0, 'be positive'],
  ] as const)('%s %o: %s must not be %d', (name, make, option, value, rule) => {
    expect(() => make({ learningRate: 1, [option]: value })).toThrow(
      `${name}: ${option} must ${rule}, got ${value}`,
    );
  });

  it('a limit of the norm must be positive', () => {
    expect(() => clipByGlobalNorm(0)).toThrow('clipByGlobalNorm: max must be positive, got 0');
  });

  it('numbers at the ends of their ranges are taken', () => {
    const zero = { learningRate: 0, weightDecay: 0 };
    const still: readonly Transform[] = [
      adamw({ ...zero, b1: 0, b2: 0, epsilon: 0 }) as Transform,
      sgd({ ...zero, momentum: 0 }),
      lars({ ...zero, momentum: 0, trust: 1e-9 }) as Transform,
    ];
    for (const optimizer of still) {
      expect(run(optimizer, [1, 2], () => [3, 4], 2, 2)).toEqual([1, 2]);
    }
    // Without memory, Adam's step is the rate times the sign.
    const sign = adamw({ learningRate: 0.5, b1: 0, b2: 0, epsilon: 0, weightDecay: 0 });
    expectClose(
      run(sign as Transform, [0, 0], () => [3, -4], 2),
      [-1, 1],
    );
  });

  it('momentum 0 keeps no state, and decay spares vectors', () => {
    const params = { w: tensor1d([1]) };
    expect(sgd({ learningRate: 1 }).init(params)).toEqual({});
    disposeTree(params);
    const decaying = sgd({ learningRate: 1, weightDecay: 0.5 });
    // w ← w - (g + wd·w), of matrices alone
    expectClose(
      run(decaying, [2], () => [0], 1, 2),
      [1],
    );
    expectClose(
      run(decaying, [2], () => [0], 1, 1),
      [2],
    );
  });

  it('a chain updates as its parts do, fused or not', () => {
    const parts = [clipByGlobalNorm(1), adamw({ learningRate: 0.1 })] as const;
    const whole = chain(...parts);
    expect(whole.apply).toBeDefined();
    expect(chain(parts[1], scale(1)).apply).toBeUndefined();
    const params: Tree = { w: tensor2d([1, -2], [1, 2]) };
    const grads: Tree = { w: tensor2d([30, 40], [1, 2]) };
    const state = whole.init(params);
    const fused = applyTransform(whole, grads, state, params, 0);
    const { updates, state: next } = whole.update(grads, state, params, 0);
    const added = applyUpdates(params, updates);
    expectClose(fused.params.w as Tensor, added.w as Tensor);
    // Clipped to (0.6, 0.8): m = 0.1·g, v = 0.05·g².
    for (const [, { m, v }] of [fused.state, next] as unknown as [
      unknown,
      { m: Tree; v: Tree },
    ][]) {
      expectClose(m.w as Tensor, [0.06, 0.08], { rtol: 1e-5 });
      expectClose(v.w as Tensor, [0.05 * 0.36, 0.05 * 0.64], { rtol: 1e-5 });
    }
    expect(() => whole.apply?.(grads, [{}], params, 0)).toThrow(
      'chain: state must have 2 parts, got 1; init it with this chain',
    );
    disposeTree([params, grads, state, fused.params, fused.state, updates, next, added]);
  });

  it('adamw writes over what is donated, where the backend can, and over nothing else', () => {
    const optimizer = adamw({ learningRate: 0.1 });
    const params: Tree = { w: tensor2d([1, -2], [1, 2]) };
    const grads: Tree = { w: tensor2d([3, 4], [1, 2]) };
    const state = optimizer.init(params);
    const grown = (donate?: boolean): number => {
      const before = memory().numDataBuffers;
      const options = donate === undefined ? undefined : { donate };
      const next = applyTransform(optimizer, grads, state, params, 0, options);
      const after = memory().numDataBuffers;
      disposeTree([next.params, next.state]);
      return after - before;
    };
    for (const donate of [undefined, false]) {
      expect(grown(donate)).toBe(3);
      expectClose(params.w as Tensor, [1, -2]);
    }
    const donated = chain(optimizer as Transform);
    const before = memory().numDataBuffers;
    const next = applyTransform(donated, grads, [state], params, 0, { donate: true });
    expect(memory().numDataBuffers - before).toBe(updatesInPlace() ? 0 : 3);
    disposeTree([params, grads, state, next.params, next.state]);
  });

  it('nothing is left in memory', () => {
    const before = memory().numTensors;
    run(adamw({ learningRate: 0.1 }), [1], () => [1], 3);
    expect(memory().numTensors).toBe(before);
  });
});
