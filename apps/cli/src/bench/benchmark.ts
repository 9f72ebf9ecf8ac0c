import { availableParallelism, cpus } from 'node:os';
import { type BackendName, type BackendReport, chooseBackend } from '@twocan/backend';
import { methodCost, resolveCanConfig } from '@twocan/can';
import { randomViews, type TrialStep, trialStep } from '@twocan/pretrain';
import type { Machine } from '../args/machine.ts';
import { checkMemory } from '../run/enough-memory.ts';
import { startBackend } from '../run/start-backend.ts';
import { progressOf } from '../terminal/progress.ts';
import { kernelTimes } from './kernel-times.ts';

/** What is to be timed. */
export type Bench = Machine & {
  readonly preset: string;
  readonly batch: number;
  readonly rounds: number;
};

type Contestant = {
  readonly report: BackendReport;
  readonly step: TrialStep;
  readonly millis: number[];
};

const REFERENCE: BackendName = 'simd';
const SHOWN = 12;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Times training steps of CAN on a backend, in turns with simd, and lists where the time goes.
 *
 * @returns lines of text
 * @throws Failure (exit code 2) if the backend is missing
 */
export async function benchmark(bench: Bench): Promise<string[]> {
  const { preset, batch, rounds } = bench;
  const config = resolveCanConfig({ preset, method: 'can' } as Parameters<
    typeof resolveCanConfig
  >[0]);
  const enter = async (wanted: Machine): Promise<Contestant> => {
    const report = await startBackend(wanted);
    const cost = methodCost(config);
    checkMemory({ cost, batch, backend: report.name, sizes: '--preset' });
    const views = randomViews(config, batch);
    const step = trialStep(config, () => views);
    const contestant = { report, step, millis: [] };
    // The first makes what lasts: compiled kernels, memory.
    await turn(contestant);
    contestant.millis.length = 0;
    return contestant;
  };
  const own = await enter(bench);
  const others =
    own.report.name === REFERENCE ? [] : [await enter({ ...bench, backend: REFERENCE })];
  const all = [own, ...others];
  const progress = progressOf('timing, rounds');
  for (let round = 1; round <= rounds; round++) {
    for (const one of all) await turn(one);
    progress.count(round, rounds);
  }
  await chooseBackend(own.report.name);
  const spent = await kernelTimes(own.step.begin);
  await own.step.end();
  const calls = spent.reduce((sum, row) => sum + row.calls, 0);
  const total = spent.reduce((sum, row) => sum + row.millis, 0);
  const name = own.report.name;
  return [
    `${preset}, batch ${batch}, ${rounds} steps${others.length > 0 ? ' each, in turns' : ''}; ${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.version}`,
    ...all.map(timing),
    ...others.map((other) => {
      const ratio = median(own.millis) / median(other.millis);
      return `${name} takes ${ratio.toFixed(2)} of the time of ${other.report.name}`;
    }),
    `one more step, kernel by kernel: ${calls} kernels, ${total.toFixed(0)} ms in them`,
    ...spent
      .slice(0, SHOWN)
      .map(
        ({ kernel, millis, calls: n }) =>
          `  ${kernel.padEnd(34)}${millis.toFixed(1).padStart(9)} ms` +
          `${((100 * millis) / (total || 1)).toFixed(0).padStart(5)}%${String(n).padStart(6)} calls`,
      ),
  ];
}

async function turn({ report, step, millis }: Contestant): Promise<void> {
  await chooseBackend(report.name);
  const begin = performance.now();
  step.begin();
  await step.end();
  millis.push(performance.now() - begin);
}

function timing({ report: { name, device, threads }, millis }: Contestant): string {
  const on = device !== null ? `, on ${device}` : threads === null ? '' : `, ${threads} thread(s)`;
  return `${name.padEnd(9)} ${median(millis).toFixed(0)} ms a step (best ${Math.min(...millis).toFixed(0)})${on}`;
}
