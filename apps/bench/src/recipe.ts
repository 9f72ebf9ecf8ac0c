import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './median.ts';
import { machine, readOptions } from './options.ts';

// The recipe of docs/results.md for 10,000 images of CIFAR-10, by `twocan pretrain`, loading and augmentation included:
// its first steps on each engine, in turns. The folder holds train/ and test/, with one folder of images for each class.
const { positionals, rounds, threads, contenders: names } = readOptions('native,simd', '3');
const [data] = positionals;
if (data === undefined) {
  console.error('recipe: name the folder of cifar10-small, which holds train/ and test/');
  process.exit(2);
}
const [STEPS, WARM_UP] = [22, 2];
const CONFIG = fileURLToPath(new URL('../../../docs/results/cifar10-160.json', import.meta.url));
const {
  batch,
  steps: whole,
  checkpointEvery,
} = JSON.parse(readFileSync(CONFIG, 'utf8')) as {
  readonly [name in 'batch' | 'steps' | 'checkpointEvery']: number;
};
// It evaluates at each checkpoint and before the first step.
const looks = whole / checkpointEvery + 1;
const program = fileURLToPath(new URL('../../cli/bin/twocan.js', import.meta.url));

/** A line of a run's metrics.jsonl. */
type Line = {
  readonly step: number;
  readonly loss?: number;
  readonly evaluation?: unknown;
  readonly machine: { readonly millis: number };
};

/** Milliseconds of steps, and of evaluations. */
type Times = { readonly steps: number[]; readonly evaluations: number[] };

/** One short run; undefined where the engine is missing. */
async function run(engine: string, count: number): Promise<Times | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'twocan-recipe-'));
  const out = join(folder, 'run');
  const images = ['--data', join(data as string, 'train'), '--eval-data', data as string];
  const where = ['--backend', engine, '--threads', String(count), '--out', out];
  const ends = ['--steps', String(STEPS), '--checkpoint-every', '0'];
  const args = [program, 'pretrain', '--config', CONFIG, ...images, ...where, ...ends];
  try {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let messages = '';
    child.stderr.on('data', (part) => {
      messages += part;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) {
      console.error(`without ${engine}: ${messages.trim()}`);
      return undefined;
    }
    const text = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim();
    const lines = text.split('\n').map((line) => JSON.parse(line) as Line);
    return {
      steps: lines
        .filter(({ loss, step }) => loss !== undefined && step > WARM_UP)
        .map((line) => line.machine.millis),
      evaluations: lines
        .filter(({ evaluation }) => evaluation !== undefined)
        .map((line) => line.machine.millis),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(`CIFAR-10's recipe, ${whole} steps of ${batch} images; ${machine()}\n`);
console.log(
  '| threads | engine | step, ms | evaluation, ms | the whole run, minutes | the first is |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const count of threads) {
  const all = new Map<string, Times>(names.map((name) => [name, { steps: [], evaluations: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, times] of all) {
      const own = await run(name, count);
      if (own === undefined) {
        all.delete(name);
        continue;
      }
      for (const step of own.steps) times.steps.push(step);
      for (const evaluation of own.evaluations) times.evaluations.push(evaluation);
    }
  }
  const minutes = ({ steps, evaluations }: Times): number =>
    (whole * median(steps) + looks * median(evaluations)) / 60_000;
  const first = minutes([...all.values()][0] ?? { steps: [], evaluations: [] });
  for (const [name, times] of all) {
    console.log(
      `| ${count} | ${name} | ${median(times.steps).toFixed(0)} | ${median(times.evaluations).toFixed(0)} | ` +
        `${minutes(times).toFixed(1)} | ${(minutes(times) / first).toFixed(2)}x |`,
    );
  }
}
process.exit(0);
