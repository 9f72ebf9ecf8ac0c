import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../../test/browser/chromium.ts';

const chromium = findChromium();

type Result = Readonly<Record<'threads' | 'worst', number>> & {
  readonly instructions: string;
  readonly why: readonly string[];
  readonly isolated: boolean;
};

describe.skipIf(chromium === undefined)('in Chromium (skipped where there is none)', () => {
  let [code, server] = ['', undefined as Server | undefined];
  let isolated = false;
  let answer: (result: Result) => void = () => undefined;

  beforeAll(async () => {
    const bundle = await rolldown({
      input: fileURLToPath(new URL('./scripts/page.mjs', import.meta.url)),
      platform: 'browser',
      onLog: () => undefined,
    });
    const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
    code = output[0].code;
    server = createServer((request, response) => {
      if (isolated) {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      }
      if (request.method === 'POST') {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        request.on('end', () => answer(JSON.parse(body) as Result));
        response.end();
      } else if (request.url === '/page.js') {
        response.setHeader('Content-Type', 'text/javascript').end(code);
      } else {
        const page = '<!doctype html><script type="module" src="/page.js"></script>';
        response.setHeader('Content-Type', 'text/html').end(page);
      }
    });
    await new Promise<void>((done) => server?.listen(0, done));
  });
  afterAll(() => {
    server?.close();
  });

  async function open(query: string): Promise<Result> {
    const profile = mkdtempSync(join(tmpdir(), 'twocan-browser-'));
    const { port } = (server as Server).address() as AddressInfo;
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
    const child = spawn(chromium ?? '', [...flags, `http://localhost:${port}/${query}`]);
    const result = await new Promise<Result>((done) => {
      answer = done;
    });
    const closed = new Promise((done) => child.once('close', done));
    child.kill('SIGKILL');
    await closed;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    return result;
  }

  it.each([
    ['an isolated page: threads', true, ''],
    ['a worker of an isolated page: threads', true, '?worker'],
    ['any other page: one thread, and why', false, ''],
  ])('%s', async (_, isIsolated, query) => {
    isolated = isIsolated;
    const { threads, why, worst, instructions, isolated: got } = await open(query);
    expect(got).toBe(isIsolated);
    expect(instructions).toBe('relaxed');
    if (isIsolated) expect(threads).toBeGreaterThan(1);
    else
      expect([threads, why]).toEqual([1, [expect.stringContaining('not cross-origin isolated')]]);
    expect(worst).toBeLessThan(1e-5);
  });
});
