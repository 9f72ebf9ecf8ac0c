import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('a worker that dies is an error, not a wait without end', () => {
  const script = fileURLToPath(new URL('./scripts/dead-worker.mjs', import.meta.url));
  const said = execFileSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 });
  expect(said).toMatch(/^simd: a worker must live, but it ended with code \d; start again$/m);
});

it('TWOCAN_THREADS decides where nothing else does, and an idle process ends', () => {
  const script = fileURLToPath(new URL('./scripts/threads.mjs', import.meta.url));
  const threads = (word: string): string =>
    execFileSync(process.execPath, [script], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, TWOCAN_THREADS: word },
    }).trim();
  expect(['1', '3'].map(threads)).toEqual(['1', '3']);
});

it.skipIf(process.platform !== 'linux')('removing the backend ends its threads', () => {
  const script = fileURLToPath(new URL('./scripts/dispose.mjs', import.meta.url));
  const said = execFileSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 });
  expect(said.trim()).toBe('300 2 0');
});

it('works inside a worker thread', () => {
  const script = fileURLToPath(new URL('./scripts/in-worker.mjs', import.meta.url));
  const said = execFileSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 });
  expect(said.trim()).toBe('2 threads: 64');
});
