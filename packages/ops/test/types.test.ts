import {
  cast,
  dispose,
  engine,
  getBackend,
  getKernel,
  grads,
  memory,
  mul,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { key, normal } from '@twocan/core';
import { adamwUpdate, normalizeRows, normalRows } from '@twocan/ops';
import { describeBackends, expectClose } from '@twocan/testkit';
import { expect, it } from 'vitest';
import * as ops from '../src/index.ts';

type Given = Readonly<Record<string, Tensor>>;
type Operation = {
  /** Shapes of the tensors that it takes, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly run: (given: Given) => Tensor | readonly Tensor[];
};

const INDICES = Int32Array.of(2, 0, 1, 2);
const RESTORE = Int32Array.of(1, 2, 0, 0, 1, 2);
const LINE = { x: [2, 3, 4], kernel: [4, 5], bias: [5] };
const NORM = { x: [5, 4], scale: [4], bias: [4] };
const STEP = { learningRate: 0.1, b1: 0.9, b2: 0.95, epsilon: 1e-8, weightDecay: 0.05, step: 2 };

/** Every operation that takes tensors, with inputs that it takes. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  adamwUpdate: {
    shapes: { p: [6], g: [6], m: [6], v: [6] },
    run: (t) =>
      Object.values(
        adamwUpdate(
          t.p as Tensor,
          t.g as Tensor,
          t.m as Tensor,
          mul(t.v as Tensor, t.v as Tensor),
          STEP,
        ),
      ),
  },
  attention: { shapes: { qkv: [2, 3, 12] }, run: (t) => ops.attention(t.qkv as Tensor3D, 2) },
  attentionWeights: {
    shapes: { qkv: [2, 3, 12] },
    run: (t) => ops.attentionWeights(t.qkv as Tensor3D, 2),
  },
  batchNorm: {
    shapes: NORM,
    run: (t) => ops.batchNorm(t.x as Tensor2D, t.scale as Tensor1D, t.bias as Tensor1D),
  },
  gatherTokens: {
    shapes: { x: [2, 3, 4] },
    run: (t) => ops.gatherTokens(t.x as Tensor3D, INDICES, 2),
  },
  gelu: { shapes: { x: [3, 5] }, run: (t) => ops.gelu(t.x as Tensor) },
  layerNorm: {
    shapes: NORM,
    run: (t) => ops.layerNorm(t.x as Tensor, t.scale as Tensor1D, t.bias as Tensor1D),
  },
  linear: {
    shapes: LINE,
    run: (t) => [
      ops.linear(t.x as Tensor, t.kernel as Tensor2D, t.bias as Tensor1D),
      ops.linear(t.x as Tensor, t.kernel as Tensor2D),
    ],
  },
  linearGelu: {
    shapes: LINE,
    run: (t) => ops.linearGelu(t.x as Tensor, t.kernel as Tensor2D, t.bias as Tensor1D),
  },
  linearOnData: {
    shapes: LINE,
    run: (t) => ops.linearOnData(t.x as Tensor, t.kernel as Tensor2D, t.bias as Tensor1D),
  },
  normalizeRows: { shapes: { x: [5, 4] }, run: (t) => normalizeRows(t.x as Tensor2D) },
  residualSum: {
    shapes: { x: [2, 3], branch: [2, 3] },
    run: (t) => ops.residualSum(t.x as Tensor, t.branch as Tensor),
  },
  scatterTokens: {
    shapes: { x: [2, 2, 4], fill: [1, 1, 4] },
    run: (t) => ops.scatterTokens(t.x as Tensor3D, t.fill as Tensor, RESTORE, 3),
  },
  softmaxCrossEntropy: {
    shapes: { logits: [3, 4] },
    run: (t) => ops.softmaxCrossEntropy(t.logits as Tensor2D, Int32Array.of(2, 0, 3)),
  },
  softTargetCrossEntropy: {
    shapes: { logits: [3, 4], targets: [3, 4] },
    run: (t) => ops.softTargetCrossEntropy(t.logits as Tensor2D, t.targets as Tensor2D),
  },
  squaredNorm: {
    shapes: { a: [3], b: [2, 2] },
    run: (t) => ops.squaredNorm([t.a as Tensor, t.b as Tensor]),
  },
  weightedMeanSquaredError: {
    shapes: { prediction: [2, 3, 4], target: [2, 3, 4], weights: [2, 3] },
    run: (t) =>
      ops.weightedMeanSquaredError(
        t.prediction as Tensor3D,
        t.target as Tensor3D,
        ops.residualSum(t.weights as Tensor2D, t.weights as Tensor2D),
      ),
  },
};
/** Exported beside them: no tensor goes in, or they are what operations are made with, or work between ranks. */
const OTHERS = [
  'defineOp',
  'floatOf',
  'gatherRows',
  'startMeans',
  'normalRows',
  'sumOverRanks',
  'updatesInPlace',
];

/** Whole numbers from -6 to 6, or zeros and ones. */
function wholeNumbers(seed: number, shape: readonly number[], dtype: 'int32' | 'bool'): Int32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const whole = (z: number): number => Math.round(3 * z);
  return Int32Array.from(
    normal(key(seed), size),
    dtype === 'bool' ? (z) => (z > -1 ? 1 : 0) : whole,
  );
}

const given = ({ shapes }: Operation, dtype: 'int32' | 'bool', as: Tensor['dtype']): Given =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const values = wholeNumbers(i + 1, shape, dtype);
      return [name, cast(tensor(values, [...shape], 'int32'), as)];
    }),
  );

const list = (out: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(out) ? out : [out as Tensor];

it('has every operation', () => {
  expect(Object.keys(ops).toSorted()).toEqual([...Object.keys(OPERATIONS), ...OTHERS].toSorted());
});

describeBackends('operations on tensors of int32 and bool', () => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    it.each(['int32', 'bool'] as const)(`${name} of %s is that of float32`, (dtype) => {
      tidy(() => {
        const got = list(operation.run(given(operation, dtype, dtype)));
        const want = list(operation.run(given(operation, dtype, 'float32')));
        expect(got).toHaveLength(want.length);
        got.forEach((t, i) => {
          expect(t.dtype).toBe('float32');
          expect(t.shape).toEqual(want[i]?.shape);
          const values = t.dataSync();
          expect(values.every(Number.isFinite)).toBe(true);
          expectClose(values, want[i]?.dataSync() ?? []);
        });
      });
    });

    if (WITHOUT_GRADIENT.has(name)) continue;
    it.each(['int32', 'bool'] as const)(
      `${name} has the same gradient by its inputs of %s`,
      (dtype) => {
        tidy(() => {
          const names = Object.keys(operation.shapes);
          const slopes = (as: Tensor['dtype']): Tensor[] => {
            const tensors = Object.values(given(operation, dtype, as));
            const f = (...args: Tensor[]): Tensor => {
              const out = operation.run(Object.fromEntries(args.map((t, i) => [names[i], t])));
              return sum(list(out)[0] as Tensor);
            };
            // Data has no gradient: those are asked for that have one.
            const moving = tensors.filter((_, i) => !DATA.has(`${name}.${names[i]}`));
            return grads((...args: Tensor[]) => {
              let next = 0;
              return f(...tensors.map((t) => (moving.includes(t) ? (args[next++] as Tensor) : t)));
            })(moving);
          };
          const [got, want] = [slopes(dtype), slopes('float32')];
          got.forEach((slope, i) => {
            expect(slope.dtype).toBe('float32');
            expectClose(slope, want[i] as Tensor);
          });
        });
      },
    );
  }

  it('leaves no cast behind', () => {
    for (const operation of Object.values(OPERATIONS)) {
      const tensors = given(operation, 'int32', 'int32');
      const before = memory().numTensors;
      dispose(tidy(() => [...list(operation.run(tensors))]) as Tensor[]);
      expect(memory().numTensors).toBe(before);
      dispose(Object.values(tensors));
    }
  });

  it('refuses what holds no numbers, by name', () => {
    const words = tensor(['a', 'b'], [2], 'string');
    expect(() => ops.gelu(words)).toThrow('gelu: x must hold numbers, got a tensor of string');
    expect(() => ops.squaredNorm([words])).toThrow('squaredNorm: tensors[0] must hold numbers');
  });

  it('refuses types that a kernel of its own cannot read', () => {
    const kernel = 'twocan.gelu';
    if (!getBackend().startsWith('simd') || !getKernel(kernel, getBackend())) return;
    const inputs = { x: tensor([1, 2], [2], 'int32') };
    expect(() => engine().runKernel(kernel, inputs as never, {})).toThrow(
      'simd: twocan.gelu must have x as float32, got int32',
    );
  });

  it('draws the same rows for keys and levels', () => {
    expect(normalRows([key(1)], Float32Array.of(1), 3).dtype).toBe('float32');
  });
});

/** Nothing differentiates an update, the length of a gradient or weights that are looked at. */
const WITHOUT_GRADIENT = new Set(['adamwUpdate', 'squaredNorm', 'attentionWeights']);

/** Inputs that are data, to which no gradient goes. */
const DATA = new Set([
  'linearOnData.x',
  'softTargetCrossEntropy.targets',
  'weightedMeanSquaredError.target',
  'weightedMeanSquaredError.weights',
]);
