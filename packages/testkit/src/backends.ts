import { enableProdMode, findBackendFactory, setBackend } from '@tensorflow/tfjs-core';
import { chooseBackend, setUps } from '@twocan/backend';
import { registerSimd } from '@twocan/backend-simd';
import { registerGradients } from '@twocan/core';
import { beforeAll, describe } from 'vitest';

/**
 * The backends that every machine has; each contract holds on all. `simd` has threads and fused
 * multiply-add where there are some, `simd-plain` one thread and neither.
 */
export const TESTED_BACKENDS = ['cpu', 'wasm', 'simd', 'simd-plain'] as const;

/** The backends that a machine may have been given: tested where TWOCAN_BACKENDS names them. */
const SET_UP_BACKENDS = ['node'] as const;

/** A backend's name in tests. */
export type TestedBackend = (typeof TESTED_BACKENDS | typeof SET_UP_BACKENDS)[number];

/**
 * Runs a suite once per backend, with that backend current and gradients registered. Those that need
 * `twocan setup` are skipped unless TWOCAN_BACKENDS is a file that it wrote: tests do not depend on
 * what a user happens to have.
 *
 * @example
 * describeBackends('infoNCE', (backend) => { it('is positive', () => { … }); });
 */
export function describeBackends(name: string, suite: (backend: TestedBackend) => void): void {
  for (const backend of TESTED_BACKENDS) {
    describe(`${name} (${backend})`, () => {
      beforeAll(async () => {
        enableProdMode(); // else the cpu backend prints an advertisement
        if (backend !== 'simd-plain') await chooseBackend(backend);
        else await usePlainSimd();
      });
      suite(backend);
    });
  }
  for (const backend of SET_UP_BACKENDS) {
    if (process.env.TWOCAN_BACKENDS && setUps()[backend] !== undefined) {
      describe(`${name} (${backend})`, () => {
        beforeAll(() => chooseBackend(backend));
        suite(backend);
      });
    } else {
      describe.skip(`${name} (${backend}: TWOCAN_BACKENDS names no file that has it)`, () =>
        suite(backend));
    }
  }
}

async function usePlainSimd(): Promise<void> {
  const name = 'simd-plain';
  if (findBackendFactory(name) === null) registerSimd(name, { threads: 1, relaxed: false });
  await setBackend(name);
  registerGradients();
}
