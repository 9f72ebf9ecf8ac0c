import { getKernel, registerKernel, setBackend, unregisterKernel } from '@tensorflow/tfjs-core';
import { chooseBackend, worstShare } from '@twocan/backend';
import { describe, expect, it, vi } from 'vitest';
import { describeAdapter } from '../src/gpu.ts';
import { checkParity } from '../src/parity.ts';

const UNNAMED = { vendor: '', architecture: '', device: '', description: '' };

describe('webgpu', () => {
  // A page has the packages of its bundle: there is nothing to set up.
  it.skipIf('document' in globalThis)('names the one command that sets it up', async () => {
    vi.stubEnv('TWOCAN_BACKENDS', 'no-such-file.json');
    await expect(chooseBackend('webgpu')).rejects.toMatchObject({
      code: 'BACKEND_MISSING',
      message: expect.stringContaining('npx twocan setup webgpu'),
    });
    vi.unstubAllEnvs();
  });

  it.each([
    ['swiftshader', { vendor: 'google', architecture: 'swiftshader' }, true],
    ['llvmpipe', { vendor: 'mesa', device: 'llvmpipe (LLVM 15.0.7, 256 bits)' }, true],
    ['what calls itself a fallback', { vendor: 'someone', isFallbackAdapter: true }, true],
    ['a GPU', { vendor: 'nvidia', architecture: 'hopper' }, false],
  ])('tells a program from a GPU: %s', (_, names, software) => {
    const info = { ...UNNAMED, ...names };
    const limits = { maxBufferSize: 2 ** 30 };
    const adapter = { info, limits, features: new Set<string>(), requestDevice: vi.fn() };
    expect(describeAdapter(adapter)).toMatchObject({ software, limits });
  });
});

describe('the step beside cpu', () => {
  it('passes where the numbers agree, and leaves the backend current', async () => {
    await chooseBackend('wasm');
    await expect(checkParity('wasm')).resolves.toBeUndefined();
  });

  it('fails where one operation is wrong, and names what differs', async () => {
    const whole = getKernel('Rsqrt', 'wasm');
    unregisterKernel('Rsqrt', 'wasm');
    registerKernel({ ...getKernel('Sqrt', 'wasm'), kernelName: 'Rsqrt' });
    await expect(checkParity('wasm')).rejects.toThrow(
      /it computes something else than cpu: .* is off by/,
    );
    unregisterKernel('Rsqrt', 'wasm');
    registerKernel(whole);
    await setBackend('cpu');
  });
});

it('the worst share is of the largest number of its tensor, and NaN stays', () => {
  const expected = [
    ['a', Float32Array.of(4, -2)],
    ['b', Float32Array.of(1)],
  ] as const;
  expect(worstShare([['a', Float32Array.of(3, -2)], expected[1]], expected)).toEqual(['a', 0.25]);
  const [path, share] = worstShare([expected[0], ['b', Float32Array.of(Number.NaN)]], expected);
  expect([path, share]).toEqual(['b', Number.NaN]);
});
