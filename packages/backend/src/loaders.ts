/** The backends that an app can pick. */
export type BackendName = 'cpu' | 'wasm' | 'simd' | 'node' | 'node-gpu';

type Loader = {
  /** The name under which tfjs knows it. */
  readonly tfjsName: string;
  readonly about: string;
  /** What a user can do when it does not load. */
  readonly remedy: string;
  /** Imports the backend, which registers it with tfjs. */
  readonly load: () => Promise<unknown>;
  readonly threads: () => Promise<number | null>;
};

/** The order of `auto`: fastest first. */
export const PREFERENCE: readonly BackendName[] = ['node-gpu', 'node', 'simd', 'wasm', 'cpu'];

// The native packages are imported by a computed name: they are optional peers, absent from types
// and from bundles until a user installs them.
const native = (specifier: string): Promise<unknown> => import(specifier);

export const LOADERS: Readonly<Record<BackendName, Loader>> = {
  cpu: {
    tfjsName: 'cpu',
    about: 'plain JavaScript, the reference',
    remedy: 'reinstall @tensorflow/tfjs-backend-cpu',
    load: () => import('@tensorflow/tfjs-backend-cpu'),
    threads: async () => 1,
  },
  wasm: {
    tfjsName: 'wasm',
    about: 'WebAssembly with SIMD where the platform has it',
    remedy: 'reinstall @tensorflow/tfjs-backend-wasm',
    load: () => import('@tensorflow/tfjs-backend-wasm'),
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
  simd: {
    tfjsName: 'simd',
    about: "WebAssembly at the speed of the CPU's 128-bit units",
    remedy: 'reinstall @twocan/backend-simd',
    load: () => import('@twocan/backend-simd'),
    threads: async () => (await import('@twocan/backend-simd')).simdReport()?.threads ?? null,
  },
  node: {
    tfjsName: 'tensorflow',
    about: 'TensorFlow on the CPU through @tensorflow/tfjs-node',
    remedy: 'install it with `npm install @tensorflow/tfjs-node`',
    load: () => native('@tensorflow/tfjs-node'),
    threads: async () => null,
  },
  'node-gpu': {
    tfjsName: 'tensorflow',
    about: 'TensorFlow on CUDA through @tensorflow/tfjs-node-gpu',
    remedy: 'install it with `npm install @tensorflow/tfjs-node-gpu` (needs an NVIDIA GPU)',
    load: () => native('@tensorflow/tfjs-node-gpu'),
    threads: async () => null,
  },
};
