import { describe, expect, it } from 'vitest';
import { lossOf } from '../src/worker/lost.ts';

describe('lossOf', () => {
  it.each([
    // V8, SpiderMonkey and JavaScriptCore, and WebAssembly in each of them
    ['Array buffer allocation failed', 'memory'],
    ['out of memory', 'memory'],
    ['Out of memory', 'memory'],
    ['WebAssembly.Memory(): could not allocate memory', 'memory'],
    ['memory access out of bounds', 'memory'],
    ['A valid external Instance reference no longer exists: the device is lost', 'gpu'],
    ['batch must be at most the 24 images of the data, got 64', undefined],
  ])('%s: %s', (message, loss) => {
    expect(lossOf(new Error(message))).toBe(loss);
  });
});
