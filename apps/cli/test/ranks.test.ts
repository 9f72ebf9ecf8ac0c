import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSupport } from '@twocan/backend-native';
import { decodeSafetensors } from '@twocan/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  MPIS,
  type Mpi,
  NO_MPI,
  type RanksOutcome,
  type Running,
  runRanks,
} from '../../../test/mpi.ts';
import { BIN, ENVIRONMENT, metricsOf, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);

const DATA = ['pretrain', '--data', 'shapes:16', '--batch', '8', '--threads', '1'];
/** So many steps that the run still goes on when a signal arrives: mpirun of Open MPI waits 5 s with it. */
const STEPS = 100;
const LONG = [
  ...['pretrain', '--data', 'shapes:64', '--batch', '64', '--threads', '1', '--backend', 'simd'],
  ...['--steps', `${STEPS}`, '--checkpoint-every', '2'],
];
const environment = { TWOCAN_BACKENDS: ENVIRONMENT.TWOCAN_BACKENDS };

const ranks = (
  mpi: Mpi,
  count: number,
  words: readonly string[],
  watch?: (running: Running) => void,
  nodeOptions: readonly string[] = [],
): Promise<RanksOutcome> =>
  runRanks(mpi, count, [...nodeOptions, BIN, ...words], { environment, ...(watch && { watch }) });

/** Calls once, as soon as some step was printed, or a later one. */
function atStep(step: number, act: (running: Running) => void): (running: Running) => void {
  let done = false;
  return (running) => {
    const printed = running.stderr().matchAll(/step +(\d+)\//g);
    if (done || ![...printed].some(([, found]) => Number(found) >= step)) return;
    done = true;
    act(running);
  };
}

/** What a run comes to that nothing stopped. */
const whole = folder.path('whole');
beforeAll(async () => {
  if (MPIS.length > 0) expect((await twocan([...LONG, '--out', whole])).code).toBe(0);
}, 600_000);

/** The losses of a run's steps. */
const lossesOf = (run: string): number[] =>
  metricsOf(run).flatMap(({ loss }) => (typeof loss === 'number' ? [loss] : []));

/** Every loss, to what rounding makes of it after so few steps. */
function expectSameLosses(run: string, want: readonly number[]): void {
  const losses = lossesOf(run);
  expect(losses.length).toBe(want.length);
  want.forEach((loss, i) => {
    expect(Math.abs((losses[i] ?? Number.NaN) - loss), `step ${i + 1}`).toBeLessThan(2e-4);
  });
}

/** The steps of a run's checkpoints, each read whole. */
const checkpointsOf = (run: string): number[] =>
  readdirSync(join(run, 'checkpoints'))
    .filter((name) => /^checkpoint-.*\.safetensors$/.test(name))
    .map((name) =>
      Number(decodeSafetensors(readFileSync(join(run, 'checkpoints', name))).metadata.step),
    );

describe.skipIf(MPIS.length > 0)(`pretrain on ranks (${NO_MPI})`, () => {
  it.skip('comes to the same as one process', () => {});
});

describe.each(MPIS)('pretrain on $name', { timeout: 600_000 }, (mpi) => {
  const at = (name: string): string => folder.path(`${mpi.name.replaceAll(' ', '-')}-${name}`);
  const backends = ['cpu', 'simd', ...(nativeSupport().available ? ['native'] : [])];

  it.each(
    backends.flatMap((backend) => ['light', 'large'].map((head) => [backend, head] as const)),
  )('comes to the same as one process: %s, the %s head', async (backend, head) => {
    const words = [...DATA, '--steps', '3', '--checkpoint-every', '0', '--backend', backend];
    words.push('--head', head);
    const one = at(`${backend}-${head}-1`);
    expect((await twocan([...words, '--out', one])).code).toBe(0);
    for (const count of [2, 4]) {
      const run = at(`${backend}-${head}-${count}`);
      const { code, stdout, stderr } = await ranks(mpi, count, [...words, '--out', run]);
      expect([code, stderr]).toEqual([
        0,
        expect.stringContaining(`${count} ranks by ${mpi.name}, each with `),
      ]);
      // Rank 0 alone prints.
      expect(stdout.match(/^run: /gm)).toHaveLength(1);
      expectSameLosses(run, lossesOf(one));
    }
  });

  it('gives the same bits for the same number of ranks', async () => {
    const [a, b] = [at('again-a'), at('again-b')];
    const words = [...DATA, '--steps', '2', '--backend', 'simd'];
    for (const run of [a, b]) expect((await ranks(mpi, 2, [...words, '--out', run])).code).toBe(0);
    expect(metricsOf(a)).toEqual(metricsOf(b));
    const bytes = (run: string) =>
      decodeSafetensors(readFileSync(join(run, 'checkpoints', 'checkpoint-00000002.safetensors')));
    expect(bytes(a).tensors).toEqual(bytes(b).tensors);
  });

  it('ends all when a rank is killed, and goes on with another number of ranks', async () => {
    const run = at('killed');
    const killed = await ranks(
      mpi,
      4,
      [...LONG, '--out', run],
      atStep(5, () => killOne(run)),
    );
    expect(killed.code).not.toBe(0);
    expect(Math.max(...checkpointsOf(run))).toBeGreaterThanOrEqual(4);
    // The launcher may return while ranks still end; until then they hold the run's lock.
    const resume = ['pretrain', '--resume', '--out', run];
    const goesOn = async () => (await ranks(mpi, 2, resume)).code;
    await expect.poll(goesOn, { timeout: 300_000, interval: 1000 }).toBe(0);
    expectSameLosses(run, lossesOf(whole));
  });

  it('saves once when it is interrupted, and goes on in one process', async () => {
    const [run, exits] = [at('interrupted'), at('exits')];
    const interrupted = await ranks(
      mpi,
      2,
      [...LONG, '--out', run],
      atStep(7, ({ kill }) => kill('SIGINT')),
      ['--import', noteExit(exits)],
    );
    // The launcher of MPICH 4.0 sometimes returns 0 here, so there the ranks themselves are asked.
    if (mpi.name.startsWith('MPICH')) expect(readFileSync(exits, 'utf8')).toBe('130\n130\n');
    else expect(interrupted.code).not.toBe(0);
    // Stopped between two steps, after a checkpoint of its own.
    const last = Math.max(...checkpointsOf(run));
    expect(last).toBeGreaterThanOrEqual(7);
    expect(last).toBeLessThan(STEPS);
    expect(lossesOf(run).length).toBe(last);
    expect((await twocan(['pretrain', '--resume', '--out', run])).code).toBe(0);
    expectSameLosses(run, lossesOf(whole));
  });
});

/** A module for `node --import`: when the process ends, its exit code becomes a line of a file. */
function noteExit(file: string): string {
  const source = `import { appendFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    const note = (code) => appendFileSync(${JSON.stringify(file)}, code + '\\n');
    if (isMainThread) process.on('exit', note);`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Kills one rank that is not the first: the processes whose words name the run. */
function killOne(run: string): void {
  const found = execFileSync('pgrep', ['-f', `${BIN} .*${run}`], { encoding: 'utf8' });
  const ranked = found
    .trim()
    .split('\n')
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'node');
  process.kill(Number(ranked.at(-1)), 'SIGKILL');
}
