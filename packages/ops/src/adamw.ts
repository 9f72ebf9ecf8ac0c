import { add, div, mul, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectNumber,
  expectOptions,
  expectShape,
  expectTensor,
} from '@twocan/core';
import { defineOp } from './define.ts';
import { hasKernels } from './kernels.ts';

/** The numbers of one AdamW step. */
export type AdamwNumbers = {
  readonly learningRate: number;
  readonly b1: number;
  readonly b2: number;
  readonly epsilon: number;
  /** Decoupled decay: p loses learningRate·weightDecay·p. */
  readonly weightDecay: number;
  /** The step's number from 1, for the bias corrections. */
  readonly step: number;
  /**
   * The result may lie where parameter and moments do, which are then to be disposed unread; false by
   * default. Only a backend for which {@link updatesInPlace} is true makes use of it.
   */
  readonly inPlace?: boolean;
};

/** A parameter and its moments after a step: fresh tensors. */
export type AdamwResult = {
  readonly parameter: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
};

type Moments = Readonly<Record<'parameter' | 'gradient' | 'm' | 'v', Tensor>>;
type Numbers = Omit<AdamwNumbers, 'inPlace'>;

const outputs = ['parameter', 'm', 'v'] as const;

const forward = (
  { parameter, gradient, m, v }: Moments,
  { learningRate, b1, b2, epsilon, weightDecay, step }: Numbers,
): AdamwResult => {
  const nextM = add(mul(m, b1), mul(gradient, 1 - b1));
  const nextV = add(mul(v, b2), mul(square(gradient), 1 - b2));
  const deviation = add(mul(sqrt(nextV), 1 / Math.sqrt(1 - b2 ** step)), epsilon);
  const change = mul(div(nextM, deviation), learningRate / (1 - b1 ** step));
  const decayed = mul(parameter, 1 - learningRate * weightDecay);
  return { parameter: sub(decayed, change), m: nextM, v: nextV };
};

const IN_PLACE = 'adamwInPlace';
const fresh = defineOp({ name: 'adamwUpdate', outputs, forward });
const over = defineOp({ name: IN_PLACE, outputs, forward });

/**
 * Whether the current backend can write an update over what it updates.
 *
 * Such a backend shares its memory with JavaScript, so that reading a number there costs nothing.
 *
 * @returns true if {@link adamwUpdate} heeds `inPlace`
 * @example
 * const inPlace = updatesInPlace();
 * adamwUpdate(p, g, m, v, { ...numbers, step: 1, inPlace });
 */
export function updatesInPlace(): boolean {
  return hasKernels(IN_PLACE);
}

/**
 * One AdamW update of one parameter.
 *
 * m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², p ← p - η(λp + m̂/(√v̂ + ε))
 *
 * @param parameter any shape
 * @param gradient the same shape, of magnitudes up to 10¹⁹: the square of a larger one overflows float32
 * @param m first moment, the same shape
 * @param v second moment, the same shape
 * @param options the step's numbers
 * @returns parameter and moments after the step, the same shapes; tensors that others share memory
 *   with (clones) are never written to, `inPlace` or not
 * @throws RangeError if the shapes differ, a number is missing or not finite, or the step is below 1
 * @example
 * adamwUpdate(p, g, m, v, { learningRate: 1e-3, b1: 0.9, b2: 0.95, epsilon: 1e-8, weightDecay: 0.05, step: 1 });
 *
 * Loshchilov & Hutter, arXiv 1711.05101; `torch.optim.AdamW`.
 */
export function adamwUpdate(
  parameter: Tensor,
  gradient: Tensor,
  m: Tensor,
  v: Tensor,
  options: AdamwNumbers,
): AdamwResult {
  checkOptions(options);
  const { inPlace = false, ...numbers } = options;
  expectTensor('adamwUpdate', 'parameter', parameter);
  for (const [name, tensor] of Object.entries({ gradient, m, v })) {
    expectShape('adamwUpdate', name, tensor, parameter.shape);
  }
  const op = inPlace && updatesInPlace() ? over : fresh;
  return op({ parameter, gradient, m, v }, numbers);
}

const NUMBERS = ['learningRate', 'b1', 'b2', 'epsilon', 'weightDecay'] as const;

function checkOptions(options: AdamwNumbers): void {
  expectOptions('adamwUpdate', 'options', options, [...NUMBERS, 'step'], ['inPlace']);
  const fits = (x: number): boolean => Math.abs(x) <= 1e30;
  for (const name of NUMBERS) {
    expectNumber('adamwUpdate', name, options[name], 'lie in [-1e30, 1e30]', fits);
  }
  for (const name of ['b1', 'b2'] as const) {
    expectNumber('adamwUpdate', name, options[name], 'lie in [0, 1)', (x) => x >= 0 && x < 1);
  }
  expectInteger('adamwUpdate', 'step', options.step, 1, Number.MAX_SAFE_INTEGER);
}
