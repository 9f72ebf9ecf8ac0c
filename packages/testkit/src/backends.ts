import { enableProdMode } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { beforeAll, describe } from 'vitest';

/** The backends that every machine has; each contract holds on all. */
export const TESTED_BACKENDS = ['cpu', 'wasm', 'simd'] as const;

/** A backend's name in tests. */
export type TestedBackend = (typeof TESTED_BACKENDS)[number];

/**
 * Runs a suite once per backend, with that backend current and gradients registered.
 *
 * @example
 * describeBackends('infoNCE', (backend) => { it('is positive', () => { … }); });
 */
export function describeBackends(name: string, suite: (backend: TestedBackend) => void): void {
  for (const backend of TESTED_BACKENDS) {
    describe(`${name} (${backend})`, () => {
      beforeAll(async () => {
        enableProdMode(); // else the cpu backend prints an advertisement
        await chooseBackend(backend);
      });
      suite(backend);
    });
  }
}
