import { Tensor } from '@tensorflow/tfjs-core';
import type { Wrong } from './wrong-values.ts';

/**
 * By which functions a message may begin, what the wrong argument is called: one of these, or anything, and
 * whether it was left out.
 */
export type Names = {
  readonly callers: ReadonlySet<string>;
  readonly argument: readonly string[];
  readonly missing?: boolean;
};

const FROM_INSIDE =
  /Cannot (read|destructure|convert|set)|undefined \(|is not (a function|iterable)|Invalid/;

/** A rule without words, and a list of known names with one that is none. */
const UNFINISHED = /must (,|$)|must have only (?![\w.]+(, [\w.]+)*, got ')/;

/** Of an option that was left out; a tensor is looked for where a tree ends. */
const NO_VALUE = /must (?!be a tensor).*got undefined$/;

/** What is wrong with an error, or nothing: it must begin with a function, and then name what is wrong. */
export function faultOf(
  error: unknown,
  { callers, argument, missing = false }: Names,
): string | undefined {
  if (!(error instanceof Error)) return `throws ${String(error)}`;
  const [, caller = '', rest = ''] = /^([a-zA-Z]+): (\S.*)$/s.exec(error.message) ?? [];
  const words = rest.split(/[^a-zA-Z0-9_]+/);
  // Another value of the right kind may be wrong together with others.
  const names =
    !(error instanceof TypeError) ||
    argument.length === 0 ||
    argument.some((name) => words.includes(name) || (/\W/.test(name) && rest.includes(name)));
  const unclear = [FROM_INSIDE, UNFINISHED, ...(missing ? [NO_VALUE] : [])];
  const clear = !unclear.some((words) => words.test(error.message));
  if (callers.has(caller) && names && clear) return undefined;
  const wanted = names ? '' : ` without ${argument.join(' or ')}`;
  return `throws ${error.constructor.name}${wanted}: ${error.message.slice(0, 120)}`;
}

/** Where a result holds NaN, or nothing; `perClass` is documented to, for classes without rows. */
function findNaN(value: unknown, path = 'result', depth = 0): string | undefined {
  if (typeof value === 'number') return Number.isNaN(value) ? path : undefined;
  if (value === null || typeof value !== 'object' || depth > 8) return undefined;
  if (value instanceof Tensor) {
    return value.isDisposed || value.dtype === 'string' || !value.dataSync().some(Number.isNaN)
      ? undefined
      : path;
  }
  const children = ArrayBuffer.isView(value)
    ? [['some', Array.from(value as Float32Array).find(Number.isNaN)] as const]
    : Object.entries(value).filter(([name]) => name !== 'perClass');
  for (const [name, child] of children) {
    const found = findNaN(child, `${path}.${name}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isIterator = (value: unknown): value is AsyncGenerator =>
  typeof (value as AsyncGenerator | null)?.[Symbol.asyncIterator] === 'function';

/** Calls, and waits for what comes: the first item of an iterator. */
export async function resultOf(call: (...args: never[]) => unknown, args: readonly unknown[]) {
  const out = await call(...(args as never[]));
  if (!isIterator(out)) return out;
  const { value } = await out.next();
  await out.return(undefined);
  return value;
}

/** What is wrong with the answer to wrong arguments, or nothing. */
export async function faultOfCall(
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
  { refused }: Pick<Wrong, 'refused'>,
  names: Names,
): Promise<string | undefined> {
  try {
    const out = await resultOf(call, args);
    if (refused) return 'is taken';
    const where = findNaN(out);
    return where === undefined ? undefined : `gives NaN in ${where}`;
  } catch (error) {
    return faultOf(error, names);
  }
}

/** The names of a function's parameters, undefined for one that is taken apart. */
export function parametersOf(call: (...args: never[]) => unknown): (string | undefined)[] {
  const text = String(call);
  const [, list = ''] = /^[^(]*\(([^()]*)/.exec(text) ?? [];
  return list
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, '{}')
    .split(',')
    .map((parameter) => /^\s*([a-zA-Z]\w*)/.exec(parameter)?.[1]);
}
