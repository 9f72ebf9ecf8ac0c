import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { resolveCanConfig } from '@twocan/can';
import { randomViews, trialStep } from '@twocan/pretrain';
import { startEngine } from './engine.ts';
import { median } from './median.ts';
import { watchCalls } from './profile/calls.ts';
import { type Entry, makeSpans } from './profile/spans.ts';
import { watchKernels, watchTensors } from './profile/watch.ts';

// Where every millisecond of one training step of CAN goes on an engine, by kernel and shapes.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'simd' },
    threads: { type: 'string', default: String(cpus().length) },
    instructions: { type: 'string' },
    steps: { type: 'string', default: '7' },
    /** Kernels that take less are summed up. */
    least: { type: 'string', default: '0.1' },
    /** Looks into kernels too: what they ask of the engine. */
    calls: { type: 'boolean', default: false },
    /** Counts time on the processor: for one thread, on a machine that others use too. */
    'processor-time': { type: 'boolean', default: false },
    /** Shapes are left out: one line a kernel. */
    brief: { type: 'boolean', default: false },
  },
});
const [preset = 'tiny32', batchWord = '64'] = positionals;
const batch = Number(batchWord);
const steps = Number(values.steps);

const config = resolveCanConfig({ preset, method: 'can' });
const about = await startEngine(values.engine, {
  threads: Number(values.threads),
  instructions: values.instructions,
});
console.log(`one step of CAN, ${preset}, batch ${batch}; ${cpus()[0]?.model}; ${about}`);

const views = randomViews(config, batch);
const step = trialStep(config, () => views);
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const now = values['processor-time'] ? processorTime : (): number => performance.now();
const run = async (): Promise<number> => {
  const begin = now();
  step.begin();
  await step.end();
  return now() - begin;
};
for (let i = 0; i < 2; i++) await run();
const bare: number[] = [];
for (let i = 0; i < 3; i++) bare.push(await run());

const spans = makeSpans(now);
watchKernels(spans);
watchTensors(spans);
if (values.calls && !watchCalls(spans))
  console.log(`${values.engine} is no engine of ours: without --calls`);
await run();
spans.take();
const whole: number[] = [];
const taken: ReadonlyMap<string, Entry>[] = [];
for (let i = 0; i < steps; i++) {
  whole.push(await run());
  taken.push(values.brief ? byKernel(spans.take()) : spans.take());
}

/** Sums over all shapes. */
function byKernel(entries: ReadonlyMap<string, Entry>): Map<string, Entry> {
  const sums = new Map<string, Entry>();
  for (const [name, { millis, calls, flops, bytes }] of entries) {
    const kernel = name.startsWith('(') ? name : (name.split('  ')[0] ?? name);
    const sum = sums.get(kernel) ?? { millis: 0, calls: 0, flops: 0, bytes: 0 };
    sum.millis += millis;
    sum.calls += calls;
    sum.flops += flops;
    sum.bytes += bytes;
    sums.set(kernel, sum);
  }
  return sums;
}

const total = median(whole);
const rows = [...new Set(taken.flatMap((entries) => [...entries.keys()]))]
  .map((name) => {
    const own = taken.map((entries) => entries.get(name));
    const millis = median(own.map((entry) => entry?.millis ?? 0));
    const { calls = 0, flops = 0, bytes = 0 } = own.find((entry) => entry !== undefined) ?? {};
    return { name, millis, calls, flops, bytes };
  })
  .sort((a, b) => b.millis - a.millis);
const line = (millis: number, calls: string, rates: string, name: string): string =>
  `${millis.toFixed(2).padStart(9)} ms ${((100 * millis) / total).toFixed(1).padStart(5)}% ${calls.padStart(5)} ${rates}  ${name}`;
console.log('       time  share calls GFLOP/s   GB/s  kernel and shapes');
let kernels = 0;
let [few, fewCalls] = [0, 0];
for (const { name, millis, calls, flops, bytes } of rows) {
  kernels += millis;
  if (millis < Number(values.least)) {
    few += millis;
    fewCalls += calls;
    continue;
  }
  const rate = (amount: number): string => (amount === 0 ? '' : (amount / millis / 1e6).toFixed(0));
  // A product is bound by its arithmetic, all else by the memory.
  const rates = `${rate(flops).padStart(7)} ${(flops > 0 ? '' : rate(bytes)).padStart(6)}`;
  console.log(line(millis, String(calls), rates, name));
}
const flops = rows.reduce((sum, row) => sum + row.flops, 0);
console.log(
  [
    line(few, String(fewCalls), ' '.repeat(14), `kernels below ${values.least} ms (--least)`),
    line(total - kernels, '', ' '.repeat(14), 'outside of kernels: JavaScript, and waiting'),
    line(total, '', `${(flops / total / 1e6).toFixed(0).padStart(7)}       `, 'the whole step'),
    `medians of ${steps}; without the profile a step takes ${median(bare).toFixed(1)} ms`,
  ].join('\n'),
);
process.exit(0);
