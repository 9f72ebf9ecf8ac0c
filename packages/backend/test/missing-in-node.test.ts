import util from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { restoreUtil } from '../src/missing-in-node.ts';

// Node 20 still has the functions that Node 23 removed: they are the reference.
const shelf = util as unknown as Record<string, ((value: unknown) => boolean) | undefined>;
const own = { isNullOrUndefined: shelf.isNullOrUndefined, isArray: shelf.isArray };
afterEach(() => Object.assign(util, own));

it.each(['isNullOrUndefined', 'isArray'] as const)('util.%s is back, as it was', (name) => {
  shelf[name] = undefined;
  restoreUtil();
  expect(shelf[name]).toBeTypeOf('function');
  const expected = {
    isNullOrUndefined: [true, true, false, false, false],
    isArray: [false, false, true, false, false],
  };
  expect([null, undefined, [], 0, ''].map((value) => shelf[name]?.(value))).toEqual(expected[name]);
});

it('leaves what Node still has', () => {
  restoreUtil();
  expect(shelf.isArray).toBe(own.isArray);
});
