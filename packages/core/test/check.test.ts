import { ones, scalar, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import {
  expectEpsilon,
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectParams,
  expectRank,
  expectShape,
  expectTensor,
  expectType,
  key,
  refuse,
} from '@twocan/core';
import { describeBackends } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';

type Kind = typeof TypeError | typeof RangeError;
// biome-ignore lint/suspicious/noExplicitAny: wrong arguments on purpose
const wrong = (x: unknown): any => x;

/** The kind of error that a call throws, and its whole message. */
function thrown(call: () => unknown): readonly [unknown, string] {
  try {
    call();
  } catch (error) {
    return [(error as Error).constructor, (error as Error).message];
  }
  return [undefined, 'nothing was thrown'];
}

const expectThrown = (call: () => unknown, kind: Kind, message: string): void =>
  expect(thrown(call)).toEqual([kind, message]);

describe('refuse', () => {
  class Odd {}
  it.each([
    [3, '3'],
    [Number.NaN, 'NaN'],
    [-0.5, '-0.5'],
    [7n, '7'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['short', "'short'"],
    ['x'.repeat(40), `'${'x'.repeat(40)}'`],
    ['x'.repeat(41), `'${'x'.repeat(40)}…'`],
    [() => 1, 'a function'],
    [Odd, 'a function'],
    [Symbol('secret'), 'a symbol'],
    [[1, 2], 'Array of length 2'],
    [new Float32Array(5), 'Float32Array of length 5'],
    [{ a: 1, b: 2 }, '{a, b}'],
    [{}, '{}'],
    [Object.fromEntries(Array.from('abcdefghij', (name) => [name, 1])), '{a, b, c, d, e, f, g, h}'],
    [Object.create(null), '{}'],
    [new Odd(), 'Odd'],
    [new Map(), 'Map'],
    [wrong(zeros([2, 3])), 'a tensor of shape [2, 3]'],
    [wrong(scalar(1)), 'a tensor of shape []'],
  ])('shows what was given, %#', (got, shown) => {
    expectThrown(
      () => refuse('f', 'x', 'be right', got),
      RangeError,
      `f: x must be right, got ${shown}`,
    );
    expectThrown(
      () => refuse('f', 'x', 'be right', got, TypeError),
      TypeError,
      `f: x must be right, got ${shown}`,
    );
  });
});

describeBackends('checks of tensors', () => {
  it('expectTensor takes live tensors of numbers', () => {
    for (const dtype of ['float32', 'int32', 'bool'] as const) {
      expect(() => expectTensor('f', 'x', zeros([2], dtype))).not.toThrow();
      expect(() => expectTensor('f', 'x', zeros([0, 3], dtype))).not.toThrow();
    }
    for (const other of [5, 'x', null, undefined, [1], Float32Array.of(1), { shape: [1] }]) {
      const [kind, message] = thrown(() => expectTensor('f', 'x', other));
      expect(kind).toBe(TypeError);
      expect(message).toMatch(/^f: x must be a tensor, got /);
    }
    const gone = scalar(1);
    gone.dispose();
    expectThrown(
      () => expectTensor('f', 'x', gone),
      RangeError,
      'f: x must be a live tensor, got a disposed one',
    );
    expectThrown(
      () => expectTensor('f', 'x', tensor(['a'])),
      TypeError,
      'f: x must hold numbers, got a tensor of string',
    );
  });

  it('expectShape and expectRank look at the tensor first', () => {
    for (const check of [
      (x: Tensor) => expectShape('f', 'x', x, [2]),
      (x: Tensor) => expectRank('f', 'x', x, 1),
    ]) {
      const gone = zeros([2]);
      gone.dispose();
      expectThrown(() => check(gone), RangeError, 'f: x must be a live tensor, got a disposed one');
      expectThrown(
        () => check(wrong([1, 2])),
        TypeError,
        'f: x must be a tensor, got Array of length 2',
      );
      expect(() => check(ones([2]))).not.toThrow();
    }
    expectThrown(
      () => expectShape('f', 'x', scalar(1), [1]),
      RangeError,
      'f: x must have shape [1], got []',
    );
    expect(() => expectShape('f', 'x', scalar(1), [])).not.toThrow();
    expect(() => expectShape('f', 'x', zeros([0, 2]), [0, null])).not.toThrow();
    expect(() => expectShape('f', 'x', zeros([0, 2]), [null, 2])).not.toThrow();
    expectThrown(
      () => expectRank('f', 'x', scalar(1), 1),
      RangeError,
      'f: x must have 1 dimensions, got shape []',
    );
    expect(() => expectRank('f', 'x', scalar(1), 0)).not.toThrow();
  });

  it('expectShape and expectRank let fitting shapes pass, null standing for any size', () => {
    for (const pattern of [
      [2, 3],
      [null, 3],
      [2, null],
      [null, null],
    ]) {
      expect(() => expectShape('f', 'x', zeros([2, 3]), pattern)).not.toThrow();
    }
    expect(() => expectRank('f', 'x', zeros([2, 3]), 2)).not.toThrow();
  });

  it('expectShape and expectRank name function, argument, what is wanted and what there is', () => {
    for (const [pattern, wanted] of [
      [[2, 4], '2, 4'],
      [[null, 2], '*, 2'],
      [[2], '2'],
      [[2, 3, null], '2, 3, *'],
      [[], ''],
    ] as const) {
      expect(() => expectShape('f', 'x', zeros([2, 3]), pattern)).toThrow(
        `f: x must have shape [${wanted}], got [2, 3]`,
      );
    }
    expect(() => expectRank('f', 'x', zeros([2, 3]), 3)).toThrow(
      'f: x must have 3 dimensions, got shape [2, 3]',
    );
  });

  it('expectParams looks at each leaf and names its path', () => {
    const tree = { a: zeros([1]), blocks: [{ w: zeros([2]) }, { w: zeros([2]) }] };
    expect(() => expectParams('f', 'params', tree)).not.toThrow();
    expect(() => expectParams('f', 'params', tree, ['a', 'blocks'])).not.toThrow();
    expect(() => expectParams('f', 'params', scalar(1))).not.toThrow();
    expect(() => expectParams('f', 'params', {})).not.toThrow();
    expectThrown(
      () => expectParams('f', 'params', tree, ['a', 'head']),
      RangeError,
      'f: params must have head, got {a, blocks}',
    );
    for (const other of [5, null, undefined, 'x']) {
      const [kind, message] = thrown(() => expectParams('f', 'params', wrong(other)));
      expect(kind).toBe(TypeError);
      expect(message).toMatch(/^f: params must be a tree of tensors, got /);
    }
    tree.blocks[1]?.w.dispose();
    expectThrown(
      () => expectParams('f', 'params', tree),
      RangeError,
      'f: params/blocks/1/w must be a live tensor, got a disposed one',
    );
    const gone = scalar(1);
    gone.dispose();
    expectThrown(
      () => expectParams('f', 'params', gone),
      RangeError,
      'f: params must be a live tensor, got a disposed one',
    );
    expectThrown(
      () => expectParams('f', 'params', wrong({ a: { b: 5 } })),
      TypeError,
      'f: params/a/b must be a tensor, got 5',
    );
  });
});

describe('checks of numbers', () => {
  it('expectNumber gives back what holds', () => {
    expect(expectNumber('f', 'n', 0, 'be at least 0', (x) => x >= 0)).toBe(0);
    expect(expectNumber('f', 'n', -0, 'be anything', () => true)).toBe(-0);
    expectThrown(
      () => expectNumber('f', 'n', -1, 'be at least 0', (x) => x >= 0),
      RangeError,
      'f: n must be at least 0, got -1',
    );
    expectThrown(
      () => expectNumber('f', 'n', Number.NaN, 'be at least 0', (x) => x >= 0),
      RangeError,
      'f: n must be at least 0, got NaN',
    );
    for (const other of ['1', 1n, null, undefined, true, [1], new Number(1)]) {
      const [kind, message] = thrown(() =>
        expectNumber('f', 'n', other, 'be a number', () => true),
      );
      expect(kind).toBe(TypeError);
      expect(message).toMatch(/^f: n must be a number, got /);
    }
  });

  it('expectInteger gives back whole numbers in its range, both ends included', () => {
    expect([1, 2 ** 31 - 1].map((n) => expectInteger('f', 'n', n))).toEqual([1, 2 ** 31 - 1]);
    expect([0, 3].map((n) => expectInteger('f', 'n', n, 0, 3))).toEqual([0, 3]);
    expect(expectInteger('f', 'n', -2, -2)).toBe(-2);
    for (const value of [0, -1, 1.5, Number.NaN, Infinity]) {
      const message = `f: n must be a positive integer, got ${value}`;
      expectThrown(() => expectInteger('f', 'n', value), RangeError, message);
    }
    for (const [value, message] of [
      [-1, 'f: n must be an integer ≥ 0, got -1'],
      [4, 'f: n must be at most 3, got 4'],
      [0.5, 'f: n must be an integer ≥ 0, got 0.5'],
    ] as const) {
      expectThrown(() => expectInteger('f', 'n', value, 0, 3), RangeError, message);
    }
    expectThrown(
      () => expectInteger('f', 'n', 2 ** 31),
      RangeError,
      'f: n must be at most 2147483647, got 2147483648',
    );
    expectThrown(
      () => expectInteger('f', 'n', '3'),
      TypeError,
      "f: n must be a positive integer, got '3'",
    );
  });

  it('expectEpsilon takes what float32 can add to 0 and see', () => {
    for (const epsilon of [1e-37, 1e-6, 1, 1e30]) {
      expect(() => expectEpsilon('f', epsilon)).not.toThrow();
    }
    for (const epsilon of [0, -1e-6, 1e-38, Number.NaN, Infinity]) {
      const message = `f: epsilon must be finite and at least 1e-37, got ${epsilon}`;
      expectThrown(() => expectEpsilon('f', epsilon), RangeError, message);
    }
    expectThrown(
      () => expectEpsilon('f', '1'),
      TypeError,
      "f: epsilon must be finite and at least 1e-37, got '1'",
    );
  });
});

describe('checks of other arguments', () => {
  it('expectOptions names what is missing and what is unknown', () => {
    const check =
      (options: unknown, required = ['a'], optional?: string[]) =>
      () =>
        expectOptions('f', 'options', options, required, optional);
    for (const call of [
      check({ a: 0 }),
      check({ a: null }),
      check({ a: 0, b: 1 }, ['a'], ['b']),
      check({ a: 0, b: undefined }, ['a'], ['b']),
      // A wider object may be passed where no names are listed.
      check({ a: 0, c: 1 }),
      check({ a: 0, c: 1 }, ['a'], []),
      check({}, []),
    ]) {
      expect(call).not.toThrow();
    }
    expectThrown(check({}), RangeError, 'f: options must have a, got {}');
    expectThrown(check({ a: undefined }), RangeError, 'f: options must have a, got {a}');
    expectThrown(check({ A: 1 }), RangeError, 'f: options must have a, got {A}');
    expectThrown(
      check({ a: 0, c: 1 }, ['a'], ['b']),
      RangeError,
      "f: options must have only a, b, got 'c'",
    );
    for (const other of [5, 'x', null, undefined, [], () => 1]) {
      const [kind, message] = thrown(check(other));
      expect(kind).toBe(TypeError);
      expect(message).toMatch(/^f: options must be an object of options, got /);
    }
  });

  it('expectType takes a class or a primitive type', () => {
    class Base {}
    class Child extends Base {}
    for (const [value, type] of [
      [() => 1, 'function'],
      ['', 'string'],
      [false, 'boolean'],
      [{}, 'object'],
      [[], Array],
      [new Int32Array(0), Int32Array],
      [new Child(), Base],
    ] as const) {
      expect(() => expectType('f', 'x', value, type)).not.toThrow();
    }
    for (const [value, type, message] of [
      [null, 'object', 'f: x must be an object, got null'],
      [5, 'function', 'f: x must be a function, got 5'],
      [undefined, 'boolean', 'f: x must be a boolean, got undefined'],
      [[1], Int32Array, 'f: x must be an Int32Array, got Array of length 1'],
      [new Uint8Array(2), Float32Array, 'f: x must be a Float32Array, got Uint8Array of length 2'],
      [{ length: 0 }, Array, 'f: x must be an Array, got Object of length 0'],
      [new Base(), Child, 'f: x must be a Child, got Base'],
    ] as const) {
      expectThrown(() => expectType('f', 'x', value, type), TypeError, message);
    }
  });

  it('expectKey takes two unsigned words and nothing else', () => {
    for (const good of [key(0), { hi: 0, lo: 0 }, { hi: 2 ** 32 - 1, lo: 2 ** 32 - 1 }]) {
      expect(() => expectKey('f', 'key', good)).not.toThrow();
    }
    for (const [bad, shown] of [
      [3, '3'],
      [null, 'null'],
      [undefined, 'undefined'],
      [{}, '{}'],
      [{ hi: 1 }, '{hi}'],
      [{ hi: 1, lo: '1' }, '{hi, lo}'],
      [{ hi: -1, lo: 0 }, '{hi, lo}'],
      [{ hi: 0, lo: 2 ** 32 }, '{hi, lo}'],
      [{ hi: 0.5, lo: 0 }, '{hi, lo}'],
      [{ hi: Number.NaN, lo: 0 }, '{hi, lo}'],
    ] as const) {
      const message = `f: key must be a key, as key(seed) returns, got ${shown}`;
      expectThrown(() => expectKey('f', 'key', bad), TypeError, message);
    }
  });
});
