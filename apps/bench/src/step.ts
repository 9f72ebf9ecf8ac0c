// The time of one CAN training step on a backend, and on request where it goes, kernel by kernel.
//   node dist/step.js <preset> <batch> <rounds> <backend> [profile]
import { cpus } from 'node:os';
import {
  dispose,
  enableProdMode,
  getBackend,
  getKernelsForBackend,
  memory,
  registerKernel,
  type Tensor4D,
  tensor4d,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { type BackendName, chooseBackend } from '@twocan/backend';
import {
  type CanConfig,
  type CanParams,
  canLossWith,
  drawCorruption,
  initCan,
  resolveCanConfig,
} from '@twocan/can';
import { fold, key, normal } from '@twocan/core';
import { adamw } from '@twocan/optim';
import { disposeState, initState, makeStep } from '@twocan/trainer';

const ROOT = key(0);

function viewsOf({ encoder: { image, channels } }: CanConfig, batch: number) {
  const shape: [number, number, number, number] = [batch, image.height, image.width, channels];
  const size = shape.reduce((a, b) => a * b);
  const view = (v: number): Tensor4D => tensor4d(normal(fold(ROOT, v), size), shape);
  return { views: [view(1), view(2)] };
}

/** A step of training, returning its loss; masks, levels and noise are drawn before, as data are. */
export function trainingStep(preset: string, batchSize: number): () => number {
  const config = resolveCanConfig({ preset, method: 'can' } as Parameters<
    typeof resolveCanConfig
  >[0]);
  const batch = viewsOf(config, batchSize);
  const optimizer = adamw({ learningRate: 1e-3, weightDecay: 0.05 });
  const draws = drawCorruption(fold(ROOT, 'draws'), config, batch);
  const lossWith = canLossWith(config);
  const step = makeStep((p: CanParams, b: typeof batch) => lossWith(p, b, draws), optimizer);
  let state = initState(initCan(ROOT, config), optimizer);
  return () => {
    const { state: next, metrics } = step(state, batch, ROOT);
    const loss = metrics.loss?.dataSync()[0] ?? Number.NaN;
    dispose(Object.values(metrics));
    disposeState(state, next);
    state = next;
    return loss;
  };
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Wraps every kernel of the current backend in a stopwatch. */
function watchKernels(): { reset: () => void; print: (steps: number, total: number) => void } {
  const spent = new Map<string, { millis: number; calls: number }>();
  for (const config of getKernelsForBackend(getBackend())) {
    const { kernelName, kernelFunc } = config;
    unregisterKernel(kernelName, getBackend());
    registerKernel({
      ...config,
      kernelFunc: (params) => {
        const begin = performance.now();
        const result = kernelFunc(params);
        const entry = spent.get(kernelName) ?? { millis: 0, calls: 0 };
        entry.millis += performance.now() - begin;
        entry.calls += 1;
        spent.set(kernelName, entry);
        return result;
      },
    });
  }
  return {
    reset: () => spent.clear(),
    print: (steps, total) => {
      const rows = [...spent].sort(([, a], [, b]) => b.millis - a.millis);
      const inside = rows.reduce((sum, [, { millis }]) => sum + millis, 0) / steps;
      for (const [name, { millis, calls }] of rows.slice(0, 24)) {
        console.log(
          `  ${name.padEnd(34)} ${(millis / steps).toFixed(2).padStart(8)} ms ${calls / steps} calls`,
        );
      }
      console.log(`  outside kernels ${(total - inside).toFixed(1)} ms of ${total.toFixed(1)}`);
    },
  };
}

async function main(): Promise<void> {
  enableProdMode();
  const [preset = 'tiny32', batch = '64', rounds = '7', wanted = 'simd', profile] =
    process.argv.slice(2);
  const { name, threads } = await chooseBackend(wanted as BackendName);
  console.log(
    `${preset} batch ${batch} on ${name}, ${threads} threads, ${cpus()[0]?.model}, ${process.version}`,
  );
  const watch = profile ? watchKernels() : undefined;
  const step = trainingStep(preset, Number(batch));
  const losses = [step(), step()];
  watch?.reset();
  const millis = Array.from({ length: Number(rounds) }, () => {
    const begin = performance.now();
    losses.push(step());
    return performance.now() - begin;
  });
  console.log(
    `median ${median(millis).toFixed(0)} ms, best ${Math.min(...millis).toFixed(0)}; ` +
      `loss ${losses[0]} -> ${losses.at(-1)}; tensors ${memory().numTensors}`,
  );
  watch?.print(Number(rounds), millis.reduce((a, b) => a + b, 0) / Number(rounds));
  const { rss } = process.memoryUsage();
  console.log(`resident ${(rss / 2 ** 20).toFixed(0)} MB`);
}

if (process.argv[1]?.endsWith('step.js')) await main();
