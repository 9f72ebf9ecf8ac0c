import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { disposeVariables, engine } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultOfCall, parametersOf, resultOf } from './arguments/faults.ts';
import type { ValidCall } from './arguments/valid-calls.ts';
import { differenceOf, holdsFloats, outcome, wholeTensors } from './arguments/whole-numbers.ts';
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
/** The package to test: all, unless one is named; simd's settings come before what starts that backend. */
const only = process.env.TWOCAN_ARGUMENTS_OF;
const tested = Object.keys(packages)
  .filter((name) => only === undefined || name === only)
  .toReversed();

/** A configuration has many values that can be wrong. */
const SLOW = { timeout: 300_000 };

/** Checks name a caller first: packages/core/test/check.test.ts has their own tests. */
const isCheck = (name: string): boolean => /^(expect[A-Z]|refuse$)/.test(name);

const functionsOf = (all: Exports): string[] =>
  Object.keys(all).filter((name) => typeof all[name] === 'function' && !isCheck(name));

const callers = new Set([...Object.values(packages).flatMap(Object.keys), 'init', 'simd']);

/** Imported by each test, as calls are made there: a fault of one is then a test that fails. */
const validCalls = async (name: string): Promise<Readonly<Record<string, ValidCall>>> =>
  (await import('./arguments/valid-calls.ts')).VALID[name] ?? {};

let [functions, calls] = [0, 0];

beforeAll(async () => {
  process.env.TWOCAN_BACKENDS = join(mkdtempSync(join(tmpdir(), 'arguments-')), 'backends.json');
  await chooseBackend('cpu');
});
afterAll(() => console.log(`${functions} functions, ${calls} calls with wrong arguments`));

/** What wrong values in place of each argument bring that they must not. */
async function failuresOf(
  call: (...args: never[]) => unknown,
  { args: make, wide = [], free = [], takes = false }: ValidCall,
): Promise<string[]> {
  const failures: string[] = [];
  const first = make();
  const parameters = parametersOf(call);
  expect(
    await faultOfCall(call, first, { refused: false }, { callers, argument: [] }),
  ).toBeUndefined();
  await expect(resultOf(call, make())).resolves.not.toBeInstanceOf(Error);
  for (const i of first.keys()) {
    const wrongs = () => wrongValues(make()[i], 2, wide.includes(i));
    const once = wrongs();
    for (const j of once.keys()) {
      const args = [...make()];
      const {
        what,
        value,
        refused,
        inside = [],
        missing = false,
      } = (takes ? wrongs() : once)[j] as Wrong;
      args[i] = value;
      // The name of one that is taken apart is not known.
      const own = parameters[i];
      const argument = refused && own !== undefined ? [...inside, own] : [];
      const names = { callers, argument, missing };
      const must = { refused: refused && !free.includes(i) };
      const fault = await faultOfCall(call, args, must, names);
      if (fault !== undefined) failures.push(`argument ${i} ${what}: ${fault}`);
      calls++;
    }
    await chooseBackend('cpu');
  }
  return failures;
}

describe.each(tested)('%s', (name) => {
  const exported = functionsOf(packages[name] as Exports);

  it('has a valid call of every function', async () => {
    const known = Object.keys(await validCalls(name)).filter((call) => !call.includes('()'));
    expect(known.toSorted()).toEqual(exported.toSorted());
  });

  it.each(exported)('%s refuses wrong arguments', SLOW, async (fn) => {
    const valid = Object.entries(await validCalls(name)).filter(
      ([call]) => call === fn || call.startsWith(`${fn}()`),
    );
    engine().startScope();
    for (const [name_, one] of valid) {
      const call = (one.call ?? packages[name]?.[fn]) as (...args: never[]) => unknown;
      expect(await failuresOf(call, one), name_).toEqual([]);
      functions++;
    }
    engine().endScope();
    disposeVariables();
  });
});

/** Results that hold the type itself, and times. */
const KEEPS: ReadonlySet<string> = new Set(['encodeCheckpoint', 'fit']);

describe.each(['cpu', 'simd'] as const)('whole numbers on %s', (backend) => {
  beforeAll(() => chooseBackend(backend));

  let compared = 0;
  it.each(tested)('%s of int32 is that of float32, or refused', SLOW, async (name) => {
    const failures: string[] = [];
    for (const [exported, { args: make, call: own }] of Object.entries(await validCalls(name))) {
      engine().startScope();
      const values = make();
      if (!KEEPS.has(exported) && values.some(holdsFloats)) {
        compared++;
        const call = (own ?? packages[name]?.[exported]) as (...args: never[]) => unknown;
        const given = (dtype: 'int32' | 'float32') => values.map((v) => wholeTensors(v, dtype));
        const fault = differenceOf(
          await outcome(call, given('int32')),
          await outcome(call, given('float32')),
          { callers, argument: [] },
        );
        if (fault !== undefined) failures.push(`${exported}: ${fault}`);
      }
      engine().endScope();
      disposeVariables();
    }
    expect(failures).toEqual([]);
  });

  it.runIf(only === undefined)('compares many functions', () =>
    expect(compared).toBeGreaterThan(60),
  );
});
