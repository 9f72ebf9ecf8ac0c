import { cpus } from 'node:os';
import {
  enableProdMode,
  getBackend,
  getKernelsForBackend,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend } from '@twocan/backend';
import { resolveCanConfig } from '@twocan/can';
import { canStep } from './can-step.ts';
import { median } from './median.ts';

// Where the time of one training step goes, kernel by kernel, on any backend that computes at once.

type Spent = Map<string, { millis: number; calls: number }>;

/** Wraps every kernel of the current backend in a stopwatch. */
function watchKernels(): Spent {
  const spent: Spent = new Map();
  for (const config of getKernelsForBackend(getBackend())) {
    const { kernelName, kernelFunc } = config;
    unregisterKernel(kernelName, getBackend());
    registerKernel({
      ...config,
      kernelFunc: (params) => {
        const begin = performance.now();
        const result = kernelFunc(params);
        const { millis, calls } = spent.get(kernelName) ?? { millis: 0, calls: 0 };
        spent.set(kernelName, { millis: millis + performance.now() - begin, calls: calls + 1 });
        return result;
      },
    });
  }
  return spent;
}

enableProdMode();
const [preset = 'tiny32', batchWord = '64', roundsWord = '7', wanted = 'simd', threadsWord] =
  process.argv.slice(2);
const [batch, rounds] = [Number(batchWord), Number(roundsWord)];
const { name, threads } = await chooseBackend(
  wanted as BackendName,
  threadsWord === undefined ? {} : { threads: Number(threadsWord) },
);
const spent = watchKernels();
const step = canStep(
  resolveCanConfig({ preset, method: 'can' } as Parameters<typeof resolveCanConfig>[0]),
  batch,
);
await step();
spent.clear();
const millis: number[] = [];
for (let round = 0; round < rounds; round++) millis.push(await step());
const total = millis.reduce((a, b) => a + b, 0) / rounds;
const rows = [...spent].sort(([, a], [, b]) => b.millis - a.millis);
const inside = rows.reduce((sum, [, row]) => sum + row.millis, 0) / rounds;
const calls = rows.reduce((sum, [, row]) => sum + row.calls, 0) / rounds;
console.log(
  [
    `${preset}, batch ${batch}, on ${name} with ${threads} threads; ${cpus()[0]?.model}, Node ${process.version}`,
    `step: median ${median(millis).toFixed(0)} ms, best ${Math.min(...millis).toFixed(0)}; ${calls} kernels`,
    ...rows
      .slice(0, 20)
      .map(
        ([kernel, row]) =>
          `  ${kernel.padEnd(34)}${(row.millis / rounds).toFixed(1).padStart(8)} ms` +
          `${((100 * row.millis) / rounds / total).toFixed(0).padStart(5)}%${String(row.calls / rounds).padStart(6)} calls`,
      ),
    `  ${'outside of kernels'.padEnd(34)}${(total - inside).toFixed(1).padStart(8)} ms`,
  ].join('\n'),
);
process.exit(0);
