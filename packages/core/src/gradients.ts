import {
  cast,
  div,
  equal,
  exp,
  type GradFunc,
  getGradient,
  matMul,
  mul,
  neg,
  onesLike,
  pad,
  pow,
  registerGradient,
  reshape,
  rsqrt,
  sign,
  slice,
  softmax,
  square,
  step,
  sub,
  sum,
  type Tensor,
  transpose,
  util,
  zerosLike,
} from '@tensorflow/tfjs-core';

type Dims = readonly number[];
type Attributes = Readonly<Record<string, unknown>>;
/** One gradient per named input, computed only where it is needed. */
type Gradient = (dy: Tensor, saved: readonly Tensor[], attributes: Attributes) => Inputs;
type Inputs = Record<string, () => Tensor>;
type Entry = {
  save?: readonly string[];
  allInputs?: true;
  saveOutput?: true;
  gradient: Gradient;
};

/** Sums a gradient over the axes that broadcasting had stretched. */
function unbroadcast(dy: Tensor, shape: Dims): Tensor {
  const lead = dy.rank - shape.length;
  const axes = dy.shape.flatMap((n, i) =>
    i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : [],
  );
  return reshape(axes.length === 0 ? dy : sum(dy, axes), [...shape]);
}

/** Puts reduced axes back as size 1 and stretches the gradient over them. */
function unreduce(dy: Tensor, x: Tensor, axis: unknown): Tensor {
  const axes = util.parseAxisParam((axis ?? null) as number | number[], x.shape);
  const kept = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  // A broadcast product: the stock wasm kernel behind broadcastTo is a hundred times slower.
  return mul(onesLike(x), reshape(dy, kept));
}

/** The gradient of a one-input op that is a factor times dy. */
const scaled = (factor: (x: Tensor) => Tensor, of: 'input' | 'output' = 'input'): Entry => ({
  ...(of === 'input' ? { save: ['x'] } : { saveOutput: true as const }),
  gradient: (dy, [saved]) => ({ x: () => mul(dy, factor(saved as Tensor)) }),
});

/** The gradient of an op with two broadcast inputs. */
const binary = (da: (dy: Tensor, a: Tensor, b: Tensor) => Tensor, db: typeof da): Entry => ({
  save: ['a', 'b'],
  gradient: (dy, [a, b]) => {
    const [left, right] = [a as Tensor, b as Tensor];
    return {
      a: () => unbroadcast(da(dy, left, right), left.shape),
      b: () => unbroadcast(db(dy, left, right), right.shape),
    };
  },
});

/** The gradient of an op that only renames places: a reshape of dy. */
const reshaped: Entry = {
  save: ['x'],
  gradient: (dy, [x]) => ({ x: () => reshape(dy, (x as Tensor).shape) }),
};

const product = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor =>
  matMul(a, b, transposeA, transposeB);

const GRADIENTS: Readonly<Record<string, Entry>> = {
  Add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  Sub: binary(
    (dy) => dy,
    (dy) => neg(dy),
  ),
  Multiply: binary(
    (dy, _, b) => mul(dy, b),
    (dy, a) => mul(dy, a),
  ),
  RealDiv: binary(
    (dy, _, b) => div(dy, b),
    (dy, a, b) => neg(div(mul(dy, a), square(b))),
  ),
  SquaredDifference: binary(
    (dy, a, b) => mul(mul(dy, 2), sub(a, b)),
    (dy, a, b) => mul(mul(dy, 2), sub(b, a)),
  ),
  Pow: binary(
    (dy, a, b) => mul(dy, mul(b, pow(a, sub(b, 1)))),
    () => {
      throw new Error('pow: the exponent has no gradient here; import @tensorflow/tfjs for it');
    },
  ),
  Neg: { gradient: (dy) => ({ x: () => neg(dy) }) },
  Abs: scaled(sign),
  Square: scaled((x) => mul(x, 2)),
  Sqrt: scaled((y) => div(0.5, y), 'output'),
  Rsqrt: scaled((x) => mul(-0.5, div(rsqrt(x), x))),
  Exp: scaled((y) => y, 'output'),
  Log: scaled((x) => div(1, x)),
  Erf: scaled((x) => mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))),
  Sigmoid: scaled((y) => mul(y, sub(1, y)), 'output'),
  Tanh: scaled((y) => sub(1, square(y)), 'output'),
  Relu: scaled((x) => step(x)),
  Identity: { gradient: (dy) => ({ x: () => cast(dy, 'float32') }) },
  Cast: { gradient: (dy) => ({ x: () => cast(dy, 'float32') }) },
  Reshape: reshaped,
  ZerosLike: { gradient: (dy) => ({ x: () => zerosLike(dy) }) },
  OnesLike: { gradient: (dy) => ({ x: () => zerosLike(dy) }) },
  ExpandDims: {
    ...reshaped,
    save: ['input'],
    gradient: (dy, [x]) => ({ input: () => reshape(dy, (x as Tensor).shape) }),
  },
  Transpose: {
    gradient: (dy, _, { perm }) => {
      const order = perm as Dims;
      return {
        x: () =>
          transpose(
            dy,
            order.map((_, i) => order.indexOf(i)),
          ),
      };
    },
  },
  Sum: {
    save: ['x'],
    gradient: (dy, [x], { axis }) => ({ x: () => unreduce(dy, x as Tensor, axis) }),
  },
  Mean: {
    save: ['x'],
    gradient: (dy, [x], { axis }) => {
      const input = x as Tensor;
      return { x: () => mul(unreduce(dy, input, axis), (dy.size || 1) / input.size) };
    },
  },
  Max: {
    save: ['x'],
    saveOutput: true,
    gradient: (dy, [x, y], { reductionIndices }) => {
      const input = x as Tensor;
      const highest = (): Tensor => unreduce(y as Tensor, input, reductionIndices);
      return {
        x: () =>
          mul(unreduce(dy, input, reductionIndices), cast(equal(input, highest()), 'float32')),
      };
    },
  },
  Softmax: {
    saveOutput: true,
    gradient: (dy, [y], { dim }) => {
      const probability = y as Tensor;
      const weighted = mul(dy, probability);
      return { logits: () => sub(weighted, mul(sum(weighted, dim as number, true), probability)) };
    },
  },
  LogSoftmax: {
    save: ['logits'],
    gradient: (dy, [x], { axis }) => ({
      logits: () =>
        sub(dy, mul(sum(dy, axis as number, true), softmax(x as Tensor, axis as number))),
    }),
  },
  BatchMatMul: {
    save: ['a', 'b'],
    gradient: (dy, [left, right], { transposeA, transposeB }) => {
      const [a, b] = [left as Tensor, right as Tensor];
      if (a.rank !== b.rank || a.shape.slice(0, -2).some((n, i) => n !== b.shape[i])) {
        throw new RangeError(
          `matMul: the gradient needs equal batch sizes, got [${a.shape}] and [${b.shape}]; broadcast first`,
        );
      }
      return {
        a: () =>
          transposeA
            ? product(b, dy, Boolean(transposeB), true)
            : product(dy, b, false, !transposeB),
        b: () =>
          transposeB
            ? product(dy, a, true, Boolean(transposeA))
            : product(a, dy, !transposeA, false),
      };
    },
  },
  Concat: {
    allInputs: true,
    // tfjs names the inputs of an op with any number of them '0', '1', ….
    gradient: (dy, saved, { axis }) => {
      const along = util.parseAxisParam(axis as number, saved[0]?.shape ?? [])[0] ?? 0;
      let start = 0;
      const parts = saved.map((x) => {
        const begin = dy.shape.map((_, i) => (i === along ? start : 0));
        start += x.shape[along] ?? 0;
        return () => slice(dy, begin, x.shape);
      });
      return Object.fromEntries(parts.map((part, i) => [String(i), part]));
    },
  },
  Slice: {
    save: ['x'],
    gradient: (dy, [x], { begin }) => {
      const from = begin as Dims;
      const { shape } = x as Tensor;
      const margins = shape.map((n, i): [number, number] => {
        const before = from[i] ?? 0;
        return [before, n - before - (dy.shape[i] ?? 0)];
      });
      return { x: () => pad(dy, margins) };
    },
  },
  PadV2: {
    save: ['x'],
    gradient: (dy, [x], { paddings }) => ({
      x: () =>
        slice(
          dy,
          (paddings as [number, number][]).map(([before]) => before),
          (x as Tensor).shape,
        ),
    }),
  },
};

/**
 * Gives bare tfjs-core the gradients of the ops that twocan's functions use.
 *
 * `@tensorflow/tfjs-core` alone registers none; the union package `@tensorflow/tfjs` registers all,
 * and brings 300 MB. This sets a gradient only where none is registered, so both can be loaded.
 * `valueAndGrad` calls it; call it yourself before `tf.grad` on bare tfjs-core.
 *
 * @example
 * registerGradients();
 * const slope = grad((x) => sum(square(x)))(tensor1d([1, 2])); // [2, 4]
 */
export function registerGradients(): void {
  for (const [kernelName, entry] of Object.entries(GRADIENTS)) {
    if (getGradient(kernelName)) continue;
    registerGradient({
      kernelName,
      ...(entry.save ? { inputsToSave: [...entry.save] } : {}),
      ...(entry.allInputs ? { saveAllInputs: true } : {}),
      ...(entry.saveOutput ? { outputsToSave: [true] } : {}),
      gradFunc: entry.gradient as unknown as GradFunc,
    });
  }
}
