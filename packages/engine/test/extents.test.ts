import { backend, setBackend } from '@tensorflow/tfjs-core';
import { type Engine, KERNEL } from '@twocan/engine';
import { engineVariants } from '@twocan/testkit';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineBackend } from '../src/backend.ts';
import { type Argument, KERNELS, type KernelOfTable } from '../table/kernels.mjs';

// The table says how much memory a kernel touches; engines that check calls trust it. Here every place is exactly as
// large as that, between guards: nothing may be written to them, and what lies in them may not change a result.
let engine: Engine;
const GUARD = 256; // bytes on either side
const SIZES = { float: 4, int: 4, word: 4, byte: 1 } as const;

type Values = Readonly<Record<string, number>>;

const helpers = {
  ceil: Math.ceil,
  pick: (flag: number, yes: number, no: number) => (flag ? yes : no),
  span: (count: number, size: number, stride: number) =>
    count === 0 || size === 0 ? 0 : (count - 1) * stride + size,
};

/** The number of elements that an extent is. */
function evaluate(extent: string, values: Values): number {
  const names = { ...helpers, ...values };
  return new Function(...Object.keys(names), `return ${extent}`)(...Object.values(names)) as number;
}

const small = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 10, max: 21 }));

function drawn(argument: Argument): fc.Arbitrary<number> {
  if (argument.type === 'count') return small.map((n) => Math.max(n, argument.least));
  if (argument.type === 'flag') return fc.integer({ min: 0, max: 1 });
  if (argument.type === 'code') return fc.integer({ min: 0, max: argument.functions - 1 });
  if (argument.type === 'word') return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  if (argument.type === 'float') return fc.float({ min: Math.fround(0.1), max: 2, noNaN: true });
  // Whether there is one, where it may be missing.
  return fc.integer({ min: argument.optional ? 0 : 1, max: 1 });
}

/** Arguments of a kernel; 0 and 1 stand for places. */
const argumentsOf = ({ arguments: args }: KernelOfTable): fc.Arbitrary<Values> =>
  fc.record(
    Object.fromEntries(Object.entries(args).map(([name, what]) => [name, drawn(what)])),
  ) as fc.Arbitrary<Values>;

/** Leaves out what a kernel does not take together. */
function allowed({ excludes = [], needs = [] }: KernelOfTable, given: Values): Values {
  const values = { ...given };
  for (const [place, flag] of excludes) if (values[flag]) values[place] = 0;
  for (const [place, other] of needs) if (!values[other]) values[place] = 0;
  return values;
}

type Place = { readonly at: number; readonly bytes: number; readonly isRead: boolean };

const differs = (a: Uint8Array = new Uint8Array(), b: Uint8Array = new Uint8Array()): boolean =>
  a.length !== b.length || a.some((byte, i) => byte !== b[i]);

/** Runs a kernel on places between guards of one byte; gives all bytes of all places. */
function run(name: string, kernel: KernelOfTable, given: Values, guard: number): Uint8Array[] {
  const { items = 0, chunk = 0 } = given;
  const tasks = kernel.cut ? Math.max(1, Math.ceil(items / Math.max(1, chunk))) : 1;
  const values: Record<string, number> = { ...given, tasks };
  if (kernel.cut) values.chunk = Math.max(1, chunk);
  const places: Place[] = [];
  for (const [argument, what] of Object.entries(kernel.arguments)) {
    if (what.type !== 'place' || !values[argument]) continue;
    const bytes = SIZES[what.of] * evaluate(what.extent, { ...values });
    const block = engine.heap.allocate(bytes + 2 * GUARD);
    const at = block + GUARD;
    engine.bytes(block, bytes + 2 * GUARD).fill(guard);
    const count = bytes / SIZES[what.of];
    for (let i = 0; i < count; i++) {
      const number = ((i * 7 + places.length * 3) % 23) - 4;
      if (what.of === 'byte') engine.bytes(at, count)[i] = number & 1;
      else if (what.of === 'float') engine.floats(at, count)[i] = number / 8;
      else engine.integers(at, count)[i] = number;
    }
    places.push({ at, bytes, isRead: what.access === 'read' });
    values[argument] = at;
  }
  const before = places.map(({ at, bytes }) => engine.bytes(at, bytes).slice());
  const list = Object.keys(kernel.arguments).map((argument) => values[argument] as number);
  if (name === 'product') {
    const { transposeA, transposeB } = values;
    const flags = { transposeA: transposeA === 1, transposeB: transposeB === 1 };
    if ((values.m ?? 0) * (values.n ?? 0) > 0) engine.product({ ...values, ...flags } as never);
  } else engine.run(KERNEL[name as keyof typeof KERNEL], list, tasks);
  const after = places.map(({ at, bytes }) => engine.bytes(at, bytes).slice());
  places.forEach(({ at, bytes, isRead }, i) => {
    for (const edge of [at - GUARD, at + bytes]) {
      if (engine.bytes(edge, GUARD).some((byte) => byte !== guard)) {
        expect.fail(`${name} wrote outside of place ${i}, given ${JSON.stringify(given)}`);
      }
    }
    if (isRead && differs(after[i], before[i])) expect.fail(`${name} wrote to what it reads, ${i}`);
    engine.heap.release(at - GUARD, bytes + 2 * GUARD);
  });
  return after;
}

describe.each(engineVariants([1]))('what the table says a kernel touches ($name)', (variant) => {
  beforeAll(async () => {
    await setBackend(variant.name);
    engine = (backend() as EngineBackend).engine;
  });

  it.each(Object.entries(KERNELS))('%s', (name, kernel) =>
    fc.assert(
      fc.property(argumentsOf(kernel), (values) => {
        const given = allowed(kernel, values);
        const [first = [], second = []] = [0x7f, 0x3f].map((guard) =>
          run(name, kernel, given, guard),
        );
        const wrong = first.findIndex((bytes, i) => differs(bytes, second[i]));
        if (wrong >= 0) expect.fail(`${name} read outside of a place, seen in ${wrong}`);
      }),
      { numRuns: 40 },
    ),
  );
});
