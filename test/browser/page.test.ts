import { simdReport } from '@twocan/backend-simd';
import { describeBackends, TESTED_BACKENDS } from '@twocan/testkit';
import { expect, inject, it } from 'vitest';

// What the other suites stand on in a browser: that the page is what its project says, and that each
// backend computes there with what such a page allows.

declare module 'vitest' {
  interface ProvidedContext {
    readonly isolated: boolean;
  }
}

const isolated = inject('isolated');
const processors = navigator.hardwareConcurrency;
const NOT_ISOLATED = 'one thread: the page is not cross-origin isolated';

it('the page is cross-origin isolated where it should be, and only there', () => {
  expect(globalThis.crossOriginIsolated).toBe(isolated);
});

it('suites run on each backend that differs here', () => {
  const everywhere = ['cpu', 'wasm', 'simd', 'simd-plain'];
  const onOneThread = ['simd-one', 'simd-one-plain'];
  expect(TESTED_BACKENDS).toEqual(isolated ? [...everywhere, ...onOneThread] : everywhere);
});

describeBackends('the report', (backend) => {
  it.runIf(backend.startsWith('simd'))('has the threads that a page may have, or why not', () => {
    const asked = { simd: processors, 'simd-plain': 2 }[backend as string] ?? 1;
    expect(simdReport(backend)).toEqual({
      threads: isolated ? asked : 1,
      instructions: backend.endsWith('plain') ? 'simd' : 'relaxed',
      why: isolated ? [] : [NOT_ISOLATED],
    });
  });

  it.runIf(backend === 'wasm')("takes stock wasm's module with threads, or without", () => {
    const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const fetched = resources.filter(({ initiatorType }) => initiatorType === 'fetch');
    const files = fetched.map(({ name }) => new URL(name).pathname.split('/').at(-1));
    const modules = files.filter((file) => file?.endsWith('.wasm'));
    expect(modules).toEqual([`tfjs-backend-wasm-${isolated ? 'threaded-simd' : 'simd'}.wasm`]);
  });
});
