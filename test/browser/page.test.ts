import { getBackend } from '@tensorflow/tfjs-core';
import { chooseBackend, webgpuReport } from '@twocan/backend';
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
  if (inject('webgpu')) return expect(TESTED_BACKENDS).toEqual(['webgpu']);
  const everywhere = ['cpu', 'wasm', 'simd', 'simd-plain'];
  const onOneThread = ['simd-one', 'simd-one-plain'];
  expect(TESTED_BACKENDS).toEqual(isolated ? [...everywhere, ...onOneThread] : everywhere);
});

describeBackends('the report', (backend) => {
  it('is of what is current', () => {
    expect(getBackend()).toBe(backend);
  });

  if (backend.startsWith('simd')) {
    it('has the threads that a page may have, or why not', () => {
      const asked = { simd: processors, 'simd-plain': 2 }[backend as string] ?? 1;
      expect(simdReport(backend)).toEqual({
        threads: isolated ? asked : 1,
        instructions: backend.endsWith('plain') ? 'simd' : 'relaxed',
        why: isolated ? [] : [NOT_ISOLATED],
      });
    });
  }

  if (backend === 'webgpu') {
    it('has the adapter of the browser', () => {
      expect(webgpuReport()).toMatchObject({ software: true, limits: expect.any(Object) });
      expect(webgpuReport()?.adapter).toMatch(/swiftshader/);
    });
  }

  if (backend === 'wasm') {
    it("has stock wasm's module with threads, or without", async () => {
      const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const fetched = resources.filter(({ initiatorType }) => initiatorType === 'fetch');
      const files = fetched.map(({ name }) => new URL(name).pathname.split('/').at(-1));
      const modules = files.filter((file) => file?.endsWith('.wasm'));
      expect(modules).toEqual([`tfjs-backend-wasm-${isolated ? 'threaded-simd' : 'simd'}.wasm`]);
      // It takes half of the processors, four at most: on two, one thread of the module with threads.
      const half = Math.min(4, Math.max(1, processors >> 1));
      const { threads, simd } = await chooseBackend('wasm');
      expect({ threads, simd }).toEqual({ threads: isolated ? half : 1, simd: true });
    });
  }
});
