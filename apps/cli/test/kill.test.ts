import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSupport } from '@twocan/backend-native';
import { decodeSafetensors } from '@twocan/checkpoint';
import { key, uniform } from '@twocan/core';
import { afterAll, expect, test } from 'vitest';
import { BIN, metricsOf, scratch, stepsOf, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const [KILLS, EVERY, STEPS] = [30, 2, 30];
/** What `auto` takes first, where it was built. */
const BACKEND = nativeSupport().available ? 'native' : 'wasm';
const FLAGS = [
  ...['pretrain', '--data', 'shapes:16', '--batch', '2', '--steps', `${STEPS}`],
  ...['--checkpoint-every', `${EVERY}`, '--backend', BACKEND],
];

/** Starts the program and kills it after some milliseconds; whether it had finished by then. */
function killedAfter(args: readonly string[], millis: number): Promise<boolean> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [BIN, ...args], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), millis);
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') done(false);
      else if (code === 0) done(true);
      else fail(new Error(`exit ${code} of ${args.join(' ')}`));
    });
  });
}

/** The steps of a run's checkpoints, each read whole. */
function checkpointSteps(run: string): number[] {
  const checkpoints = join(run, 'checkpoints');
  if (!existsSync(checkpoints)) return [];
  return readdirSync(checkpoints)
    .filter((name) => name.endsWith('.safetensors') && !name.startsWith('.'))
    .map((name) => Number(decodeSafetensors(readFileSync(join(checkpoints, name))).metadata.step));
}

/** The last step in metrics.jsonl, a line that was cut off left out. */
function lastStep(run: string): number {
  if (!existsSync(join(run, 'metrics.jsonl'))) return 0;
  return stepsOf(run).length;
}

const weights = (run: string): string => {
  const name = `checkpoint-${String(STEPS).padStart(8, '0')}.safetensors`;
  const bytes = readFileSync(join(run, 'checkpoints', name));
  return createHash('sha256').update(bytes).digest('hex');
};

test(`${KILLS} kills at random moments lose at most one interval each, and no bit in the end`, {
  timeout: 600_000,
}, async () => {
  const whole = folder.path('whole');
  const begin = performance.now();
  expect((await twocan([...FLAGS, '--out', whole])).code).toBe(0);
  const duration = performance.now() - begin;
  const moments = uniform(key(11), KILLS);
  let [kills, runs, withoutConfig] = [0, 0, 0];
  while (kills < KILLS) {
    const run = folder.path(`killed-${runs++}`);
    let finished = false;
    while (!finished) {
      const hasConfig = existsSync(join(run, 'config.json'));
      if (existsSync(run) && !hasConfig) withoutConfig++;
      const args = hasConfig ? ['pretrain', '--resume', '--out', run] : [...FLAGS, '--out', run];
      if (kills >= KILLS) {
        finished = (await twocan(args)).code === 0;
        expect(finished).toBe(true);
        break;
      }
      finished = await killedAfter(args, 0.6 * duration * (moments[kills] ?? 0));
      if (finished) break;
      kills++;
      const newest = Math.max(0, ...checkpointSteps(run));
      expect(newest).toBeGreaterThanOrEqual(lastStep(run) - EVERY);
    }
    expect(metricsOf(run)).toEqual(metricsOf(whole));
    expect(weights(run)).toBe(weights(whole));
  }
  console.log(`${kills} kills over ${runs} runs, ${withoutConfig} before the config was there`);
});
