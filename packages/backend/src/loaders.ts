import { builtin } from './builtin.ts';
import { registerKernels } from './kernels.ts';
import { loadTensorFlow, TENSORFLOW } from './tensorflow.ts';
import { wasmKernels } from './wasm-fused/index.ts';
import { loadWebgpu, WEBGPU, webgpuReport } from './webgpu.ts';

/** The backends that no installation of the package brings: a user sets them up. */
export const setUpNames = ['node', 'node-gpu', 'webgpu'] as const;

/** The backends that an app can pick. */
export const backendNames = ['cpu', 'wasm', 'simd', 'native', ...setUpNames] as const;

/** One of {@link backendNames}. */
export type BackendName = (typeof backendNames)[number];

/** Options of a backend. */
export type BackendOptions = {
  /**
   * Threads of the `native` and `simd` backends; by default one for each processor. The others choose their
   * own.
   */
  readonly threads?: number;
};

type Loader = {
  /** The name under which tfjs knows it. */
  readonly tfjsName: string;
  readonly about: string;
  /** What a user can do when it does not load. */
  readonly remedy: string;
  /** Imports the backend, which registers it with tfjs, and passes the options on. */
  readonly load: (options: BackendOptions & { readonly auto: boolean }) => Promise<unknown>;
  readonly threads: () => Promise<number | null>;
  /** Whether a small step is compared with cpu first: what computes is not of this package. */
  readonly isChecked?: true;
  /** The device it computes on, where the backend gives it. */
  readonly device?: () => string | undefined;
  /** The processor's instructions that it computes with, where there is a choice. */
  readonly instructions?: () => Promise<string | undefined>;
  /** Bytes that its memory may have, where it sets a limit of its own. */
  readonly memory?: () => Promise<number | undefined>;
};

/** The order of `auto`: fastest first. */
export const PREFERENCE: readonly BackendName[] = [
  'node-gpu',
  'webgpu',
  'native',
  'simd',
  'node',
  'wasm',
  'cpu',
];

const nativeNow = async () => (await import('#native')).nativeReport();

/** Once a backend has started its threads are what they are; asking for as many is no mistake. */
function giveThreads(
  threads: number | undefined,
  running: { readonly threads: number } | undefined,
  configure: (options: { readonly threads: number }) => void,
): void {
  if (threads !== undefined && running?.threads !== threads) configure({ threads });
}

export const LOADERS: Readonly<Record<BackendName, Loader>> = {
  cpu: {
    tfjsName: 'cpu',
    about: 'plain JavaScript, the reference',
    remedy: 'reinstall @tensorflow/tfjs-backend-cpu',
    load: () => import('@tensorflow/tfjs-backend-cpu'),
    threads: async () => 1,
  },
  simd: {
    tfjsName: 'simd',
    about: 'our WebAssembly SIMD kernels, with threads where the platform has them',
    remedy: 'reinstall @twocan/backend-simd',
    load: async ({ threads }) => {
      const { configureSimd, simdReport } = await import('@twocan/backend-simd');
      giveThreads(threads, simdReport(), configureSimd);
    },
    threads: async () => {
      const { simdReport } = await import('@twocan/backend-simd');
      return simdReport()?.threads ?? 1;
    },
  },
  native: {
    tfjsName: 'native',
    about: "our kernels in the processor's own instructions, on all threads",
    remedy: 'reinstall @twocan/backend-native',
    load: async ({ threads, auto }) => {
      // A bundle for pages has an empty module in its place: package.json's `imports`.
      if (builtin('node:module') === undefined) {
        throw Object.assign(new Error('it needs Node'), { remedy: 'a page computes on simd' });
      }
      const { configureNative, nativeReport, nativeSupport } = await import('#native');
      const { available, why, remedy, instructions } = nativeSupport();
      if (!available) throw Object.assign(new Error(why), { remedy });
      if (auto && instructions[0] === 'plain') {
        throw Object.assign(new Error('this processor has no vector instructions that it knows'), {
          remedy: 'simd is faster here',
        });
      }
      giveThreads(threads, nativeReport(), configureNative);
    },
    threads: async () => (await nativeNow())?.threads ?? 1,
    isChecked: true,
    instructions: async () => (await nativeNow())?.instructions,
    memory: async () => (await nativeNow())?.memory,
  },
  wasm: {
    tfjsName: 'wasm',
    about: 'WebAssembly with SIMD where the platform has it',
    remedy: 'reinstall @tensorflow/tfjs-backend-wasm',
    load: async () => {
      await import('@tensorflow/tfjs-backend-wasm');
      registerKernels('wasm', wasmKernels);
    },
    threads: async () => {
      const { getThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
      // Before its first threaded start tfjs throws instead of saying 1.
      try {
        return Math.max(1, getThreadsCount());
      } catch {
        return 1;
      }
    },
  },
  node: {
    tfjsName: TENSORFLOW,
    about: 'TensorFlow on the CPU through @tensorflow/tfjs-node',
    remedy: 'set it up with `npx twocan setup node`',
    load: () => loadTensorFlow('node'),
    threads: async () => null,
    isChecked: true,
  },
  'node-gpu': {
    tfjsName: TENSORFLOW,
    about: 'TensorFlow on CUDA through @tensorflow/tfjs-node-gpu',
    remedy: 'set it up with `npx twocan setup node-gpu` (needs an NVIDIA GPU)',
    load: () => loadTensorFlow('node-gpu'),
    threads: async () => null,
    isChecked: true,
  },
  webgpu: {
    tfjsName: WEBGPU,
    about: "the GPU through WebGPU, a browser's own or Dawn in Node",
    remedy: 'set it up with `npx twocan setup webgpu`',
    load: ({ auto }) => loadWebgpu({ software: !auto }),
    threads: async () => null,
    isChecked: true,
    device: () => webgpuReport()?.adapter,
  },
};
