import { type Tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { disposeTree, type Params } from '@twocan/core';
import { describeBackends, expectClose, expectNoLeak } from '@twocan/testkit';
import { expect, it } from 'vitest';
import {
  adamw,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  lars,
  scale,
  scaleByAdam,
  scaleByLearningRate,
  scaleByTrustRatio,
  sgd,
  type Transform,
  trace,
} from '../src/index.ts';

type Tree = { readonly w: Tensor; readonly b: Tensor };

const tree = (w: number[], b: number[]): Tree => ({ w: tensor2d(w, [1, 2]), b: tensor1d(b) });
const numbers = ({ w, b }: Tree): number[] => [...w.dataSync(), ...b.dataSync()];

const PIECES: Readonly<Record<string, Transform>> = {
  addDecayedWeights: addDecayedWeights(0.5),
  scaleByAdam: scaleByAdam(),
  scaleByLearningRate: scaleByLearningRate(0.1),
  scaleByTrustRatio: scaleByTrustRatio(),
  trace: trace(0.9),
} as never;

describeBackends('the pieces of optimizers', () => {
  /** The updates of two steps in a row. */
  function twice(transform: Transform, params: Tree, first: Tree, second: Tree): number[][] {
    const state = transform.init(params);
    const one = transform.update(first, state, params, 0);
    const two = transform.update(second, one.state, params, 1);
    const found = [numbers(one.updates), numbers(two.updates)];
    disposeTree([state, one.updates, one.state, two.updates, two.state] as Params);
    return found;
  }

  it.each(Object.entries(PIECES))('%s gives fresh tensors that are freed apart', (_, piece) => {
    const params = tree([1, 2], [3, 4]);
    const grads = tree([0.1, 0.2], [0.3, 0.4]);
    const state = piece.init(params);
    expectNoLeak(() => piece.update(grads, state, params, 0) as never);
    const { updates, state: next } = piece.update(grads, state, params, 0);
    const held = numbers(updates);
    disposeTree([params, grads, state, next] as Params);
    expect(numbers(updates)).toEqual(held);
    disposeTree(updates);
  });

  it('scaleByAdam divides by the root of the corrected second moment', () => {
    const [params, first, second] = [
      tree([7, 8], [9, 1]),
      tree([3, -4], [1, 2]),
      tree([3, -4], [0, 0]),
    ];
    const [one, two] = twice(
      scaleByAdam({ b1: 0.5, b2: 0.75, epsilon: 0 }) as never,
      params,
      first,
      second,
    );
    expectClose(one as number[], [1, -1, 1, 1]);
    // m̂ = (¼g + 0)/¾, v̂ = (3/16)g²/(7/16)
    const rest = 1 / 3 / Math.sqrt(3 / 7);
    expectClose(two as number[], [1, -1, rest, rest]);
    disposeTree([params, first, second]);
  });

  it('trace sums what it is given, and what was before by its share', () => {
    const [params, first, second] = [
      tree([7, 8], [9, 1]),
      tree([1, 2], [3, 4]),
      tree([0, 1], [0, 1]),
    ];
    const found = twice(trace(0.5) as never, params, first, second);
    expect(found).toEqual([
      [1, 2, 3, 4],
      [0.5, 2, 1.5, 3],
    ]);
    disposeTree([params, first, second]);
  });

  it.each([
    ['addDecayedWeights of matrices', addDecayedWeights(0.5), [3.5, -5, 1, 2]],
    [
      'addDecayedWeights of vectors',
      addDecayedWeights(0.5, (path) => path === 'b'),
      [3, -4, 5, 2.5],
    ],
    ['addDecayedWeights of nothing', addDecayedWeights(0), [3, -4, 1, 2]],
    ['scaleByLearningRate', scaleByLearningRate((t) => 2 + t), [-6, 8, -2, -4]],
    [
      'scaleByLearningRate by parameter',
      scaleByLearningRate(2, (path, p) => (path === 'b' ? 0.5 : p.rank)),
      [-12, 16, -1, -2],
    ],
    // ‖w‖ = √5, ‖g‖ = 5
    ['scaleByTrustRatio', scaleByTrustRatio({ trust: Math.sqrt(5) }), [3, -4, 1, 2]],
    [
      'scaleByTrustRatio of all',
      scaleByTrustRatio({ trust: 1, adapts: () => true }),
      [3, -4, Math.sqrt(65), 2 * Math.sqrt(65)].map((x) => x / Math.sqrt(5)),
    ],
  ] as const)('%s', (_, piece, expected) => {
    const [params, grads] = [tree([1, -2], [8, 1]), tree([3, -4], [1, 2])];
    const { updates } = piece.update(grads, {}, params, 0);
    expectClose(numbers(updates), [...expected], { rtol: 1e-6 });
    disposeTree([params, grads, updates]);
  });

  it('optimizers keep their state under the names of old checkpoints', () => {
    const params = tree([1, 2], [3, 4]);
    const zero = { w: [[0, 0]], b: [0, 0] };
    for (const [optimizer, names] of [
      [adamw({ learningRate: 1 }), ['m', 'v']],
      [lars({ learningRate: 1 }), ['momentum']],
      [sgd({ learningRate: 1, momentum: 0.5 }), ['momentum']],
      [sgd({ learningRate: 1 }), []],
    ] as const) {
      const state = (optimizer as Transform).init(params) as Readonly<Record<string, Tree>>;
      expect(Object.keys(state)).toEqual(names);
      for (const { w, b } of Object.values(state)) {
        expect({ w: w.arraySync(), b: b.arraySync() }).toEqual(zero);
      }
      disposeTree(state);
    }
    disposeTree(params);
  });

  it('an optimizer names itself where its state or its gradients do not fit', () => {
    const params = tree([1, 2], [3, 4]);
    const wrong = { w: params.w, b: params.w };
    const optimizer = lars({ learningRate: 1 });
    expect(() => optimizer.update(params, { momentum: wrong }, params, 0)).toThrow(
      'lars: state/momentum/b must have shape [2], got [1, 2]',
    );
    expect(() => optimizer.update(wrong, { momentum: params }, params, 0)).toThrow(
      'lars: grads/b must have shape [2], got [1, 2]',
    );
    disposeTree(params);
  });
});

it.each([
  ['scaleByAdam', () => scaleByAdam({ b1: 1 }), 'b1 must lie in [0, 1), got 1'],
  ['scaleByAdam', () => scaleByAdam({ epsilon: -1 }), 'epsilon must be at least 0, got -1'],
  ['trace', () => trace(1), 'momentum must lie in [0, 1), got 1'],
  ['addDecayedWeights', () => addDecayedWeights(-1), 'weightDecay must be at least 0, got -1'],
  ['scaleByLearningRate', () => scaleByLearningRate(-1), 'learningRate must be at least 0, got -1'],
  ['scaleByTrustRatio', () => scaleByTrustRatio({ trust: 0 }), 'trust must be positive, got 0'],
] as const)('%s refuses what makes no sense: %#', (name, make, rule) => {
  expect(make).toThrow(`${name}: ${rule}`);
});

it('a chain of pieces takes what any chain takes', () => {
  expect(() => chain(clipByGlobalNorm(1), scale(1), trace(0.5) as never, {} as never)).toThrow(
    'chain: transforms[3]',
  );
});
