import {
  getBackend,
  getKernelsForBackend,
  registerKernel,
  time,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

/** What the calls of one kernel took together. */
export type Spent = { readonly kernel: string; readonly millis: number; readonly calls: number };

/** Collects calls by kernel. */
function tally(): { add(kernel: string, millis: number): void; rows(): Spent[] } {
  const spent = new Map<string, Spent>();
  return {
    add(kernel, millis) {
      const before = spent.get(kernel) ?? { kernel, millis: 0, calls: 0 };
      spent.set(kernel, { kernel, millis: before.millis + millis, calls: before.calls + 1 });
    },
    rows: () => [...spent.values()].sort((a, b) => b.millis - a.millis),
  };
}

/**
 * Where the time of some work goes on the current backend, kernel by kernel; for a GPU, dispatch by
 * dispatch, by the GPU's own clock (0 where it has none).
 *
 * @param work called once; it must not wait for the GPU
 * @returns the slowest first
 */
export async function kernelTimes(work: () => void): Promise<Spent[]> {
  return getBackend() === 'webgpu' ? onGpu(work) : atOnce(work);
}

async function onGpu(work: () => void): Promise<Spent[]> {
  const info = await time(work);
  const { getExtraProfileInfo } = info as { getExtraProfileInfo?: () => string };
  const spent = tally();
  for (const entry of (getExtraProfileInfo?.() ?? '').split(', ')) {
    const [kernel = '', millis] = entry.split(': ');
    if (millis !== undefined) spent.add(kernel, Number(millis));
  }
  return spent.rows();
}

/** For a backend that computes when it is called: a stopwatch around every kernel. */
function atOnce(work: () => void): Spent[] {
  const name = getBackend();
  const kernels = getKernelsForBackend(name);
  const spent = tally();
  // A kernel that calls another by its name would count twice.
  let depth = 0;
  for (const config of kernels) {
    unregisterKernel(config.kernelName, name);
    registerKernel({
      ...config,
      kernelFunc: (params) => {
        const begin = performance.now();
        depth++;
        try {
          return config.kernelFunc(params);
        } finally {
          depth--;
          if (depth === 0) spent.add(config.kernelName, performance.now() - begin);
        }
      },
    });
  }
  try {
    work();
  } finally {
    for (const config of kernels) {
      unregisterKernel(config.kernelName, name);
      registerKernel(config);
    }
  }
  return spent.rows();
}
