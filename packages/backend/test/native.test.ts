import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  copyRegisteredKernels,
  enableProdMode,
  findBackendFactory,
  getKernel,
  registerBackend,
  registerKernel,
  removeBackend,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { backendNames, chooseBackend, PREFERENCE } from '@twocan/backend';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const native = vi.hoisted(() => ({
  nativeSupport: vi.fn(),
  nativeReport: vi.fn(),
  configureNative: vi.fn(),
}));
vi.mock('@twocan/backend-native', () => native);

const inNode = globalThis.process?.versions?.node !== undefined;
const HERE = { available: true, why: '', remedy: '', instructions: ['avx2', 'plain'] };

/** A stand-in that computes as cpu does, but for sums, which are `factor` times too large. */
function register(factor: number): void {
  registerBackend('native', () => new MathBackendCPU());
  copyRegisteredKernels('cpu', 'native');
  const sum = getKernel('Sum', 'cpu');
  unregisterKernel('Sum', 'native');
  registerKernel({
    kernelName: 'Sum',
    backendName: 'native',
    kernelFunc: (given) => {
      const result = sum.kernelFunc(given) as { dataId: object };
      const { values } = (given.backend as MathBackendCPU).data.get(result.dataId);
      (values as Float32Array).forEach((x, i, all) => {
        all[i] = factor * x;
      });
      return result as never;
    },
  });
}

beforeEach(() => {
  enableProdMode(); // else the cpu backend prints an advertisement
  native.nativeReport.mockReturnValue({ threads: 3, instructions: 'avx2', why: [] });
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const mock of Object.values(native)) mock.mockReset();
  if (findBackendFactory('native') !== null) removeBackend('native');
});

it('auto prefers native to simd, and both to what is slower', () => {
  const slower = ['node', 'wasm', 'cpu'];
  expect(PREFERENCE.slice(-5)).toEqual(['native', 'simd', ...slower]);
  expect([...PREFERENCE].sort()).toEqual([...backendNames].sort());
});

describe.runIf(inNode)('native in Node', () => {
  const why = 'its addon is not here';
  const MISSING = { available: false, why, remedy: 'build it', instructions: [] };

  it('without an addon is passed over with its reason and remedy', async () => {
    native.nativeSupport.mockReturnValue(MISSING);
    const { name, passedOver } = await chooseBackend(['native', 'simd']);
    expect(name).toBe('simd');
    expect(passedOver).toEqual([{ name: 'native', why, remedy: 'build it' }]);
  });

  it('without an addon cannot be asked for by name', async () => {
    native.nativeSupport.mockReturnValue(MISSING);
    await expect(chooseBackend('native')).rejects.toMatchObject({
      code: 'BACKEND_MISSING',
      message: `chooseBackend: cannot use native: ${why}; build it`,
    });
  });

  it('is given threads, and reports them and its instructions', async () => {
    native.nativeSupport.mockReturnValue(HERE);
    register(1);
    const report = await chooseBackend('native', { threads: 2 });
    expect(native.configureNative).toHaveBeenCalledWith({ threads: 2 });
    expect(report).toMatchObject({ name: 'native', threads: 3, instructions: 'avx2' });
  });

  it('with plain code alone is left to who asks for it', async () => {
    native.nativeSupport.mockReturnValue({ ...HERE, instructions: ['plain'] });
    register(1);
    const { name, passedOver } = await chooseBackend();
    expect(name).toBe('simd');
    expect(passedOver.at(-1)).toMatchObject({ name: 'native', remedy: 'simd is faster here' });
    expect((await chooseBackend('native')).name).toBe('native');
  });

  it('that computes something else than cpu is passed over, in one line', async () => {
    vi.resetModules();
    const fresh = await import('@twocan/backend');
    native.nativeSupport.mockReturnValue(HERE);
    register(1.001);
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const { name, passedOver } = await fresh.chooseBackend(['native', 'cpu']);
    expect(name).toBe('cpu');
    expect(passedOver[0]?.why).toMatch(/^it computes something else than cpu: .* is off by/);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^twocan: native is passed over: it computes something else/)],
    ]);
  });
});

it.skipIf(inNode)('a page has no native', async () => {
  await expect(chooseBackend('native')).rejects.toMatchObject({
    message: expect.stringContaining('cannot use native: it needs Node; a page computes on simd'),
  });
});
