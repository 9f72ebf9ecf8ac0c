import { type Tensor, util } from '@tensorflow/tfjs-core';
import {
  expectInteger,
  expectNumber,
  expectOptions,
  expectParams,
  expectShape,
  expectType,
  mapTree,
  type Params,
  refuse,
} from '@twocan/core';

/** A learning rate or factor: a number of at least `least`, or a schedule. */
export function expectRate(caller: string, name: string, rate: unknown, least = 0): void {
  if (typeof rate === 'function') return;
  if (typeof rate !== 'number') refuse(caller, name, 'be a number or a schedule', rate, TypeError);
  const rule = least === 0 ? 'be at least 0' : 'be finite';
  expectNumber(caller, name, rate, rule, (x) => x >= least && Math.abs(x) <= 1e30);
}

/** For decays and other numbers that may be 0. */
export function expectNotNegative(caller: string, name: string, value: unknown): void {
  expectNumber(caller, name, value, 'be at least 0', (x) => x >= 0 && Number.isFinite(x));
}

/** For limits and coefficients. */
export function expectPositive(caller: string, name: string, value: unknown): void {
  expectNumber(caller, name, value, 'be positive', (x) => x > 0 && Number.isFinite(x));
}

/** For momenta and other exponential averages. */
export function expectFraction(caller: string, name: string, value: unknown): void {
  expectNumber(caller, name, value, 'lie in [0, 1)', (x) => x >= 0 && x < 1);
}

/** The rule of each option of a transform. */
const RULES = {
  learningRate: expectRate,
  momentum: expectFraction,
  b1: expectFraction,
  b2: expectFraction,
  epsilon: expectNotNegative,
  weightDecay: expectNotNegative,
  trust: expectPositive,
  decays: expectFunction,
  adapts: expectFunction,
  rateScale: expectFunction,
} as const;

function expectFunction(caller: string, name: string, value: unknown): void {
  expectType(caller, name, value, 'function');
}

/** Checks the options of a transform by their names. */
export function expectSettings(
  caller: string,
  options: object,
  required: readonly (keyof typeof RULES)[],
  optional: readonly (keyof typeof RULES)[],
): void {
  expectOptions(caller, 'options', options, required, optional);
  for (const name of [...required, ...optional]) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined || required.includes(name)) RULES[name](caller, name, value);
  }
}

/**
 * Checks what an update is given: a step's number, and gradients and moments of the parameters' shapes.
 * Broadcast, another shape would be a wrong number without a word.
 */
export function expectUpdate(
  caller: string,
  params: Params,
  trees: Readonly<Record<string, Params>>,
  step: unknown,
): void {
  expectInteger(caller, 'step', step, 0, Number.MAX_SAFE_INTEGER);
  expectParams(caller, 'params', params);
  const names = Object.keys(trees);
  for (const name of names) expectType(caller, name, trees[name], 'object');
  // One walk for all, and names only where something is wrong: this runs at each step.
  mapTree(
    (p: Tensor, path, ...others: Tensor[]) => {
      others.forEach((other, i) => {
        if (other?.isDisposed === false && util.arraysEqual(other.shape, p.shape)) return;
        expectShape(caller, path === '' ? `${names[i]}` : `${names[i]}/${path}`, other, p.shape);
      });
      return p;
    },
    params,
    ...Object.values(trees),
  );
}
