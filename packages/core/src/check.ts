import { Tensor } from '@tensorflow/tfjs-core';

/** What was given, in a few characters. */
function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Tensor) return `a tensor of shape [${value.shape.join(', ')}]`;
  const { length } = value as { readonly length?: unknown };
  const kind = Object.getPrototypeOf(value)?.constructor?.name ?? 'Object';
  if (typeof length === 'number') return `${kind} of length ${length}`;
  return kind === 'Object' ? `{${Object.keys(value).slice(0, 8).join(', ')}}` : kind;
}

/**
 * Throws the error that every check of an argument throws.
 *
 * @param caller the function that was called
 * @param argument the argument's name
 * @param rule what it must do, after "must"
 * @param got what was given instead
 * @param kind `TypeError` where another kind of value is needed, `RangeError` for another value of the kind
 * @throws always
 * @example
 * refuse('infoNCE', 'temperature', 'be positive', -1); // infoNCE: temperature must be positive, got -1
 */
export function refuse(
  caller: string,
  argument: string,
  rule: string,
  got: unknown,
  kind: typeof TypeError | typeof RangeError = RangeError,
): never {
  throw new kind(`${caller}: ${argument} must ${rule}, got ${show(got)}`);
}

/**
 * Checks that an argument is a tensor of numbers that was not disposed.
 *
 * @param caller the function that was called
 * @param argument the argument's name
 * @param tensor the argument
 * @throws TypeError for what is no tensor, or one of strings or complex numbers; RangeError once disposed
 * @example
 * expectTensor('gelu', 'x', x);
 */
export function expectTensor(caller: string, argument: string, tensor: unknown): void {
  if (!(tensor instanceof Tensor)) refuse(caller, argument, 'be a tensor', tensor, TypeError);
  if (tensor.isDisposed) {
    throw new RangeError(`${caller}: ${argument} must be a live tensor, got a disposed one`);
  }
  const { dtype } = tensor;
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return;
  throw new TypeError(`${caller}: ${argument} must hold numbers, got a tensor of ${dtype}`);
}

/**
 * Checks a number of an argument list or of options.
 *
 * @param caller the function that was called
 * @param argument the number's name
 * @param value the number
 * @param rule what it must do, after "must"
 * @param holds whether a number does
 * @returns the number
 * @throws TypeError for what is no number, RangeError for one that breaks the rule
 * @example
 * expectNumber('adamw', 'epsilon', epsilon, 'be at least 0', (x) => x >= 0);
 */
export function expectNumber(
  caller: string,
  argument: string,
  value: unknown,
  rule: string,
  holds: (value: number) => boolean,
): number {
  if (typeof value !== 'number') return refuse(caller, argument, rule, value, TypeError);
  return holds(value) ? value : refuse(caller, argument, rule, value);
}

/** The most elements that a tensor or a typed array is made with. */
const MOST = 2 ** 31 - 1;

/**
 * Checks a whole number: a size, a count, an index.
 *
 * @param caller the function that was called
 * @param argument the number's name
 * @param value the number
 * @param least the smallest that is allowed, default 1
 * @param most the largest that is allowed, default 2³¹ - 1
 * @returns the number
 * @throws TypeError for what is no number, RangeError for one that is not whole or out of range
 * @example
 * expectInteger('initNorm', 'width', width);
 */
export function expectInteger(
  caller: string,
  argument: string,
  value: unknown,
  least = 1,
  most = MOST,
): number {
  const from = least === 1 ? 'a positive integer' : `an integer ≥ ${least}`;
  const fits = (x: number): boolean => Number.isInteger(x) && x >= least;
  expectNumber(caller, argument, value, `be ${from}`, fits);
  return expectNumber(caller, argument, value, `be at most ${most}`, (x) => x <= most);
}

/**
 * Checks what a normalisation adds to a variance.
 *
 * @param caller the function that was called
 * @param epsilon the number
 * @throws RangeError unless it is finite and at least 1e-37: a row of equal numbers would be divided by 0
 * @example
 * expectEpsilon('layerNorm', epsilon);
 */
export function expectEpsilon(caller: string, epsilon: unknown): void {
  expectNumber(
    caller,
    'epsilon',
    epsilon,
    'be finite and at least 1e-37',
    (x) => x >= 1e-37 && x < Infinity,
  );
}

/**
 * Checks an object of options: that it is one, has what it needs and, where `optional` is given, nothing else.
 *
 * @param caller the function that was called
 * @param argument the object's name
 * @param options the object
 * @param required names that must have a value
 * @param optional all other names; left out where a wider object may be passed
 * @throws TypeError for what is no such object, RangeError naming what is missing or unknown
 * @example
 * expectOptions('infoNCE', 'options', options, ['temperature'], []);
 */
export function expectOptions(
  caller: string,
  argument: string,
  options: unknown,
  required: readonly string[],
  optional?: readonly string[],
): void {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    refuse(caller, argument, 'be an object of options', options, TypeError);
  }
  for (const name of required) {
    if ((options as Record<string, unknown>)[name] === undefined) {
      refuse(caller, argument, `have ${name}`, options);
    }
  }
  // Where nothing has a default, a misspelt name is missed above, and a wider object may be passed.
  if (optional === undefined || optional.length === 0) return;
  for (const name of Object.keys(options)) {
    if (required.includes(name) || optional.includes(name)) continue;
    const known = [...required, ...optional].join(', ');
    throw new RangeError(`${caller}: ${argument} must have only ${known}, got '${name}'`);
  }
}

/**
 * Checks that an argument is of a class or a primitive type.
 *
 * @param caller the function that was called
 * @param argument the argument's name
 * @param value the argument
 * @param type a class, or the name of a type
 * @throws TypeError for anything else
 * @example
 * expectType('softmaxCrossEntropy', 'labels', labels, Int32Array);
 */
export function expectType(
  caller: string,
  argument: string,
  value: unknown,
  // biome-ignore lint/suspicious/noExplicitAny: any class
  type: 'function' | 'string' | 'boolean' | 'object' | (abstract new (...given: any[]) => unknown),
): void {
  if (typeof type === 'string' ? typeof value === type && value !== null : value instanceof type) {
    return;
  }
  const name = typeof type === 'string' ? type : type.name;
  refuse(caller, argument, `be ${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`, value, TypeError);
}
