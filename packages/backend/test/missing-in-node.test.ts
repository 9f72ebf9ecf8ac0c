import util from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { restoreUtil } from '../src/missing-in-node.ts';

const shelf = util as unknown as Record<string, ((value: unknown) => boolean) | undefined>;
const own = { isNullOrUndefined: shelf.isNullOrUndefined, isArray: shelf.isArray };
afterEach(() => Object.assign(util, own));

// What Node 20's documentation says of each.
it.each([
  ['isNullOrUndefined', [true, true, false, false, false]],
  ['isArray', [false, false, true, false, false]],
] as const)('util.%s is back, as it was', (name, expected) => {
  shelf[name] = undefined;
  restoreUtil();
  const inputs = [null, undefined, [], 0, ''];
  expect(inputs.map((value) => shelf[name]?.(value))).toEqual(expected);
  if (own[name]) expect(inputs.map((value) => own[name]?.(value))).toEqual(expected);
});
