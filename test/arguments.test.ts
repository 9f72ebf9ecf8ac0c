import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { disposeVariables, engine, Tensor, tensor } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VALID, type ValidCall } from './arguments/valid-calls.ts';
import { type Wrong, wrongValues } from './arguments/wrong-values.ts';
import { members } from './workspace.ts';

type Exports = Readonly<Record<string, unknown>>;

const packages: Readonly<Record<string, Exports>> = Object.fromEntries(
  await Promise.all(
    members()
      .filter(({ folder, manifest }) => folder.includes('/packages/') && !manifest.private)
      .map(async ({ folder, manifest }) => [basename(folder), await import(manifest.name)]),
  ),
);

/** Checks name a caller first: packages/core/test/check.test.ts has their own tests. */
const isCheck = (name: string): boolean => /^(expect[A-Z]|refuse$)/.test(name);

const functionsOf = (all: Exports): string[] =>
  Object.keys(all).filter((name) => typeof all[name] === 'function' && !isCheck(name));

const NAMES = new Set([...Object.values(packages).flatMap(Object.keys), 'init', 'simd']);
const FROM_INSIDE =
  /Cannot (read|destructure|convert|set)|undefined \(|is not (a function|iterable)|Invalid/;

/** What is wrong with an error, or nothing. */
function faultOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return `throws ${String(error)}`;
  const [name = ''] = /^[a-zA-Z]+(?=: )/.exec(error.message) ?? [];
  if (NAMES.has(name) && !FROM_INSIDE.test(error.message)) return undefined;
  return `throws ${error.constructor.name}: ${error.message.slice(0, 120)}`;
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
async function resultOf(call: (...args: never[]) => unknown, args: readonly unknown[]) {
  const out = await call(...(args as never[]));
  if (!isIterator(out)) return out;
  const { value } = await out.next();
  await out.return(undefined);
  return value;
}

/** What is wrong with the answer to wrong arguments, or nothing. */
async function judge(
  call: (...args: never[]) => unknown,
  args: readonly unknown[],
  { refused }: Pick<Wrong, 'refused'>,
): Promise<string | undefined> {
  try {
    const out = await resultOf(call, args);
    if (refused) return 'is taken';
    const where = findNaN(out);
    return where === undefined ? undefined : `gives NaN in ${where}`;
  } catch (error) {
    return faultOf(error);
  }
}

/** The same value with each float32 tensor of numbers in it as whole numbers, of int32 or of floats. */
function wholeTensors(value: unknown, dtype: 'int32' | 'float32'): unknown {
  if (value instanceof Tensor) {
    if (value.dtype !== 'float32') return value;
    return tensor(Array.from(value.dataSync(), Math.round), value.shape, dtype);
  }
  if (Array.isArray(value)) return value.map((child) => wholeTensors(child, dtype));
  if (value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const changed = Object.entries(value as object).map(([name, child]) => [
    name,
    wholeTensors(child, dtype),
  ]);
  return Object.fromEntries(changed);
}

/** Every number of a result, in the order of its names. */
function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  if (value instanceof Tensor) return Array.from(value.dataSync());
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(numbersOf);
}

const holdsFloats = (value: unknown): boolean =>
  value instanceof Tensor
    ? value.dtype === 'float32'
    : value !== null &&
      typeof value === 'object' &&
      (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
      Object.values(value).some(holdsFloats);

/** The numbers of a result, or the error instead of it. */
type Outcome = readonly number[] | Error;
const outcome = (call: (...args: never[]) => unknown, args: readonly unknown[]): Promise<Outcome> =>
  resultOf(call, args).then(numbersOf, (error: Error) => error);

/** How an outcome is neither the other nor an error of ours, or nothing. */
function differenceOf(got: Outcome, want: Outcome): string | undefined {
  if (got instanceof Error) return faultOf(got);
  if (want instanceof Error) return `${got} where floats throw ${want.message}`;
  const near = (x: number, y = Number.NaN): boolean => Math.abs(x - y) <= 1e-6 + 1e-5 * Math.abs(y);
  const same = got.length === want.length && got.every((x, i) => near(x, want[i]));
  return same ? undefined : `[${got.slice(0, 4)}] where floats give [${want.slice(0, 4)}]`;
}

let [functions, calls] = [0, 0];

beforeAll(async () => {
  process.env.TWOCAN_BACKENDS = join(mkdtempSync(join(tmpdir(), 'arguments-')), 'backends.json');
  await chooseBackend('cpu');
});
afterAll(() => console.log(`${functions} functions, ${calls} calls with wrong arguments`));

describe('every exported function', () => {
  it.each(Object.keys(packages))('of %s has a valid call', (name) => {
    const known = Object.keys(VALID[name] ?? {}).filter((call) => !call.includes('()'));
    expect(known.toSorted()).toEqual(functionsOf(packages[name] as Exports).toSorted());
  });
});

describe.each(Object.keys(VALID))('%s', (name) => {
  const valid = VALID[name] as Readonly<Record<string, ValidCall>>;
  it.each(Object.keys(valid))('%s refuses wrong arguments', async (exported) => {
    const { args: make, call: own, wide = [], free = [] } = valid[exported] as ValidCall;
    const call = (own ?? packages[name]?.[exported]) as (...args: never[]) => unknown;
    engine().startScope();
    const first = make();
    expect(await judge(call, first, { refused: false }), 'the valid call').toBeUndefined();
    await expect(resultOf(call, make()), 'the valid call').resolves.not.toBeInstanceOf(Error);
    const failures: string[] = [];
    for (const i of first.keys()) {
      const wrongs = wrongValues(make()[i], 2, wide.includes(i));
      for (const { what, value, refused } of wrongs) {
        const args = [...make()];
        args[i] = value;
        const fault = await judge(call, args, { refused: refused && !free.includes(i) });
        if (fault !== undefined) failures.push(`argument ${i} ${what}: ${fault}`);
        calls++;
      }
      await chooseBackend('cpu');
    }
    functions++;
    engine().endScope();
    disposeVariables();
    expect(failures).toEqual([]);
  });
});

/** Results that hold the type itself, and times. */
const KEEPS: ReadonlySet<string> = new Set(['encodeCheckpoint', 'fit']);

describe.each(['cpu', 'simd'] as const)('whole numbers on %s', (backend) => {
  beforeAll(() => chooseBackend(backend));

  let compared = 0;
  it.each(Object.keys(VALID))('%s of int32 is that of float32, or refused', async (name) => {
    const failures: string[] = [];
    for (const [exported, { args: make, call: own }] of Object.entries(VALID[name] ?? {})) {
      engine().startScope();
      const values = make();
      if (!KEEPS.has(exported) && values.some(holdsFloats)) {
        compared++;
        const call = (own ?? packages[name]?.[exported]) as (...args: never[]) => unknown;
        const given = (dtype: 'int32' | 'float32') => values.map((v) => wholeTensors(v, dtype));
        const fault = differenceOf(
          await outcome(call, given('int32')),
          await outcome(call, given('float32')),
        );
        if (fault !== undefined) failures.push(`${exported}: ${fault}`);
      }
      engine().endScope();
      disposeVariables();
    }
    expect(failures).toEqual([]);
  });

  it('compares many functions', () => expect(compared).toBeGreaterThan(60));
});
