import { execFile } from 'node:child_process';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nativeSupport } from '@twocan/backend-native';
import { describe, expect, it } from 'vitest';

type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a script of this folder in a process of its own, which must end by itself. */
async function run(
  script: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const file = fileURLToPath(new URL(`./scripts/${script}.mjs`, import.meta.url));
  const options = { timeout: 100_000, env: { ...process.env, ...environment } };
  const child = promisify(execFile)(process.execPath, [file, ...args], options);
  return child.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  );
}

const { available, why } = nativeSupport();
const isLinux = process.platform === 'linux';
const LONG = { timeout: 200_000 };

describe.skipIf(!available)(`the native engine in a process (${why || 'here'})`, LONG, () => {
  it('makes an error of each wrong call, and goes on', async () => {
    const { code, stdout, stderr } = await run('wrong-calls');
    expect([code, stderr]).toEqual([0, '']);
    const { refused, odd, calls } = JSON.parse(stdout) as {
      readonly refused: number;
      readonly odd: readonly string[];
      readonly calls: { readonly refused: number; readonly ran: number; readonly kernels: number };
    };
    expect(odd).toEqual([]);
    expect(refused).toBeGreaterThan(1000);
    expect(calls.refused).toBeGreaterThan(10_000);
    expect(calls.ran).toBeGreaterThan(3000);
    expect(calls.kernels).toBeGreaterThan(15);
  });

  it('works in a worker thread, which may be ended while it computes', async () => {
    const { code, stdout, stderr } = await run('in-worker');
    expect([code, stderr]).toEqual([0, '']);
    const left = isLinux ? '0' : expect.anything();
    expect(stdout.trim().split('\n')).toEqual([
      ...Array(3).fill('3 threads: 64'),
      `${left} threads left`,
    ]);
  });

  it.each([
    ['at its end', '', 0],
    ['by exit', 'exit', 3],
    ['by an error', 'throw', 1],
  ])('two engines end with the process: %s', async (_, way, code) => {
    const outcome = await run('busy-exit', [way]);
    expect([outcome.code, outcome.stdout]).toEqual([code, '500\n500\n']);
  });

  it('has as many threads as TWOCAN_THREADS says', async () => {
    const threads = async (word: string) =>
      (await run('threads', [], { TWOCAN_THREADS: word })).stdout;
    expect([await threads('1'), await threads('3')]).toEqual(['1\n', '3\n']);
  });

  it.each(['0', 'abc', '5000'])('says what is wrong with TWOCAN_THREADS=%s', async (word) => {
    const { stderr } = await run('threads', [], { TWOCAN_THREADS: word }).catch(
      (failure) => failure,
    );
    expect(stderr).toContain(`TWOCAN_THREADS must be a whole number from 1 to 1024, got ${word}`);
  });

  it('idle threads take no time', async () => {
    const { stdout } = await run('idle');
    expect(Number(stdout)).toBeLessThan(100); // milliseconds of four threads in a second
  });

  it.skipIf(!isLinux)('gives threads and memory back when it is removed', async () => {
    const { stdout, stderr } = await run('dispose');
    expect(stderr).toBe('');
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ sum: 300, gone: true, numTensors: 0, threads: [2, 0] });
    const [during, after] = found.megabytes as [number, number];
    expect(during).toBeGreaterThan(250);
    expect(after).toBeLessThan(60);
  });

  it.skipIf(!isLinux || freemem() < 8e9)(
    'has more than 4 GB, and gives back what is free',
    async () => {
      const { stdout, stderr } = await run('large');
      expect(stderr).toBe('');
      const found = JSON.parse(stdout);
      expect(found.ends).toEqual([2, 3, 4, 5, 6].map((value) => [value, value]));
      expect(found.numBytes).toBeGreaterThan(5e9);
      expect(found.during).toBeGreaterThan(4.5); // GB
      expect(found.after).toBeLessThan(1.2); // one tensor is kept
      expect(found.refused).toMatch(
        /^native: a tensor must have at most 2048 MB, got .*; lower the/,
      );
    },
  );
});
