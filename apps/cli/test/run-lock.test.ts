import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scratch, stepsOf, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const TINY = ['pretrain', '--data', 'shapes:8', '--batch', '2', '--checkpoint-every', '0'];

test('a second process on a run is told who holds it, and harms nothing', async () => {
  const run = folder.path('shared');
  const first = twocan([...TINY, '--steps', '150', '--out', run]);
  while (!existsSync(join(run, 'metrics.jsonl'))) await new Promise((done) => setTimeout(done, 20));
  const { pid } = JSON.parse(readFileSync(join(run, 'lock'), 'utf8')) as { pid: number };
  for (const flag of ['--resume', '--overwrite']) {
    const args = flag === '--resume' ? ['pretrain'] : [...TINY, '--steps', '150'];
    const { code, stderr } = await twocan([...args, '--out', run, flag]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`in use by process ${pid}`)]);
  }
  expect((await first).code).toBe(0);
  expect(stepsOf(run)).toHaveLength(150);
  expect(existsSync(join(run, 'lock'))).toBe(false);
});

test('the lock of a killed process is taken over, and given back after SIGINT', async () => {
  const run = folder.path('killed');
  const args = [...TINY, '--steps', '60', '--out', run];
  const killed = await twocan(args, { when: /step +1\/60/, signal: 'SIGKILL' });
  expect(killed.signal).toBe('SIGKILL');
  expect(existsSync(join(run, 'lock'))).toBe(true);
  const again = ['pretrain', '--out', run, '--resume'];
  const cut = await twocan(again, { when: /step +1\/60/, signal: 'SIGINT' });
  expect(cut.code).toBe(130);
  expect(existsSync(join(run, 'lock'))).toBe(false);
});

test.each([
  ['of another machine stays', { pid: 1, host: 'elsewhere' }, 2],
  ['of a living process stays', { pid: process.pid, host: hostname() }, 2],
  ['that was cut off is taken over', 'half', 0],
])('a lock %s', async (name, holder, expected) => {
  const run = folder.path(name);
  mkdirSync(run);
  const text = typeof holder === 'string' ? '{"pid":' : JSON.stringify(holder);
  writeFileSync(join(run, 'lock'), text);
  const { code } = await twocan([...TINY, '--steps', '1', '--out', run]);
  expect(code).toBe(expected);
  expect(existsSync(join(run, 'config.json'))).toBe(expected === 0);
});
