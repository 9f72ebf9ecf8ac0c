import { setBackend } from '@tensorflow/tfjs-core';
import { chooseBackend } from '@twocan/backend';
import { measurePeak } from '@twocan/backend-simd';
import { countFlops, methodCost, resolveCanConfig } from '@twocan/can';
import { simdBesideTorch } from './beside.ts';
import { canStep, type TimedStep } from './can-step.ts';
import { median } from './median.ts';

// One training step of CAN: simd beside PyTorch and stock wasm, in turns, in one run.
const [preset = 'tiny32', batchWord = '64', roundsWord = '7', threadsWord] = process.argv.slice(2);
const [batch, rounds] = [Number(batchWord), Number(roundsWord)];
const withWasm = process.env.WITH_WASM === '1'; // 5 seconds a step for tiny32

const config = resolveCanConfig({ preset, method: 'can' } as Parameters<
  typeof resolveCanConfig
>[0]);
const torch = await simdBesideTorch(
  `one step of CAN, ${preset}, batch ${batch}`,
  threadsWord,
  'step.py',
  (threads) => [config, batch, threads],
);

const steps: Record<string, TimedStep> = { simd: canStep(config, batch) };
if (withWasm) {
  await chooseBackend('wasm');
  const own = canStep(config, batch);
  steps.wasm = async () => {
    await setBackend('wasm');
    const millis = await own();
    await setBackend('simd');
    return millis;
  };
  await setBackend('simd');
}
if (torch !== undefined) steps.PyTorch = () => torch.measure('step');

const millis = Object.fromEntries(Object.keys(steps).map((name) => [name, [] as number[]]));
const peaks: number[] = [];
for (let round = 0; round <= rounds; round++) {
  peaks.push(measurePeak());
  for (const [name, step] of Object.entries(steps)) {
    const taken = await step();
    // The first round compiles.
    if (round > 0) millis[name]?.push(taken);
  }
}
const peak = median(peaks);
// Backward is twice forward; `forward` counts one image with its views.
const floatingPoint = 3 * batch * countFlops(methodCost(config)).forward;
const ours = median(millis.simd ?? []);
for (const [name, values] of Object.entries(millis)) {
  const middle = median(values);
  const rate = floatingPoint / middle / 1e6;
  console.log(
    `${name.padEnd(8)} ${middle.toFixed(0).padStart(6)} ms (best ${Math.min(...values).toFixed(0)})  ` +
      `${((1000 * batch) / middle).toFixed(1).padStart(6)} images/s  ${rate.toFixed(0).padStart(4)} GFLOP/s  ` +
      `simd is ${(middle / ours).toFixed(2)}x`,
  );
}
console.log(
  `ceiling of 128-bit multiply-adds: ${peak.toFixed(0)} GFLOP/s; simd reaches ` +
    `${((100 * floatingPoint) / ours / 1e6 / peak).toFixed(0)}% (median of ${rounds})`,
);
const own = process.resourceUsage().maxRSS / 1024;
const theirs = await torch?.close();
console.log(
  `peak memory: ours ${own.toFixed(0)} MB${withWasm ? " (with stock wasm's)" : ''}${theirs ? `, PyTorch ${theirs.toFixed(0)} MB` : ''}`,
);
process.exit(0);
