import { enableProdMode, findBackendFactory, setBackend } from '@tensorflow/tfjs-core';
import { chooseBackend, setUps } from '@twocan/backend';
import { nativeSupport, registerNative } from '@twocan/backend-native';
import { registerSimd } from '@twocan/backend-simd';
import { registerGradients } from '@twocan/core';
import { beforeAll, describe, inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** In a page: whether its browser was started with WebGPU, and suites run on that alone. */
    readonly webgpu: boolean;
  }
}

type Backend = {
  /** Makes it current, with gradients. */
  readonly start: () => Promise<unknown>;
  /** Why this machine cannot run it, where it cannot. */
  readonly missing?: string | undefined;
};

const { crossOriginIsolated: isolated, process } = globalThis as {
  readonly crossOriginIsolated?: boolean;
  readonly process?: NodeJS.Process;
};

/** What every machine has; each contract holds on all. */
const EVERYWHERE = {
  cpu: { start: () => chooseBackend('cpu') },
  wasm: { start: () => chooseBackend('wasm') },
  /** As users have it: threads and fused multiply-add where there are some. */
  simd: { start: () => chooseBackend('simd') },
  'simd-plain': own('simd-plain', registerSimd, { threads: 2, relaxed: false }),
} satisfies Record<string, Backend>;

/** The same on one thread, which is all that `simd` has on a page that is not isolated. */
const ON_ONE_THREAD = {
  'simd-one': own('simd-one', registerSimd, { threads: 1 }),
  'simd-one-plain': own('simd-one-plain', registerSimd, { threads: 1, relaxed: false }),
} satisfies Record<string, Backend>;

/** Needs `twocan setup`: tests do not depend on what a user happens to have. */
const setUp = (name: 'node' | 'node-gpu' | 'webgpu'): Backend => ({
  start: () => chooseBackend(name),
  missing:
    process?.env.TWOCAN_BACKENDS && setUps()[name] !== undefined
      ? undefined
      : 'TWOCAN_BACKENDS names no file that has it',
});

/** The native engine, with the best instructions that the processor has or with these. */
const native = (name: string, options: Parameters<typeof registerNative>[1]): Backend => {
  const { available, why, instructions } = nativeSupport();
  const lacks = options.instructions && !instructions.includes(options.instructions);
  return {
    ...own(name, registerNative, options),
    missing: available ? (lacks ? `no ${options.instructions} here` : undefined) : why,
  };
};

const IN_NODE = {
  native: native('native-best', {}),
  'native-one': native('native-one', { threads: 1 }),
  'native-avx2': native('native-avx2', { threads: 2, instructions: 'avx2' }),
  'native-plain': native('native-plain', { threads: 2, instructions: 'plain' }),
  node: setUp('node'),
  'node-gpu': setUp('node-gpu'),
  webgpu: setUp('webgpu'),
} satisfies Record<string, Backend>;

/** A backend's name in tests. */
export type TestedBackend =
  | keyof typeof EVERYWHERE
  | keyof typeof ON_ONE_THREAD
  | keyof typeof IN_NODE;

const HERE: Partial<Record<TestedBackend, Backend>> = inject('webgpu')
  ? // A page's project has it alone: a GPU in software is slow even then.
    { webgpu: { start: () => chooseBackend('webgpu') } }
  : {
      ...EVERYWHERE,
      ...(isolated === false ? {} : ON_ONE_THREAD),
      ...(process?.versions?.node === undefined ? {} : IN_NODE),
    };

/** A comma-separated list in TWOCAN_TEST_BACKENDS narrows a run to some of them. */
function wanted(list: string | undefined): typeof HERE {
  if (!list) return HERE;
  const names = list.split(',') as TestedBackend[];
  return Object.fromEntries(
    names.map((name) => {
      if (HERE[name] !== undefined) return [name, HERE[name]];
      throw new RangeError(
        `TWOCAN_TEST_BACKENDS must name backends of ${Object.keys(HERE)}, got ${name}`,
      );
    }),
  );
}

const BACKENDS = wanted(process?.env.TWOCAN_TEST_BACKENDS);

/** The backends that suites run on here. */
export const TESTED_BACKENDS = Object.keys(BACKENDS) as readonly TestedBackend[];

/**
 * Runs a suite once per backend, with that backend current and gradients registered: `cpu`, `wasm` and
 * `simd` with and without threads and fused multiply-add; in Node also `native` with each set of
 * instructions, skipped where it was not built, and `node`, `node-gpu` and `webgpu`, skipped unless
 * TWOCAN_BACKENDS is a file of `twocan setup` that has them; `webgpu` alone on a page that was given it.
 *
 * @example
 * describeBackends('infoNCE', (backend) => { it('is positive', () => { … }); });
 */
export function describeBackends(name: string, suite: (backend: TestedBackend) => void): void {
  for (const backend of TESTED_BACKENDS) {
    const { start, missing } = BACKENDS[backend] as Backend;
    if (missing === undefined) {
      describe(`${name} (${backend})`, () => {
        beforeAll(async () => {
          enableProdMode(); // else the cpu backend prints an advertisement
          await start();
        });
        suite(backend);
      });
    } else {
      describe.skip(`${name} (${backend}: ${missing})`, () => suite(backend));
    }
  }
}

/** One more backend of ours, under a name of its own. */
function own<Options>(
  name: string,
  register: (name: string, options: Options) => void,
  options: Options,
): Backend {
  const start = async (): Promise<void> => {
    if (findBackendFactory(name) === null) register(name, options);
    await setBackend(name);
    registerGradients();
  };
  return { start };
}
