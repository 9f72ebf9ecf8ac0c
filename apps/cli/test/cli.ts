import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { key } from '@twocan/core';
import { drawShape } from '@twocan/data';
import sharp from 'sharp';

/** The built program. */
export const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

export type Outcome = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** What a user has set up here is no matter of these tests. */
export const ENVIRONMENT = { ...process.env, TWOCAN_BACKENDS: join(tmpdir(), 'twocan-none.json') };

/** Runs the built program and, once standard error shows `when`, sends it a signal. */
export function twocan(
  args: readonly string[],
  kill?: { readonly when: RegExp; readonly signal: NodeJS.Signals },
  environment: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<Outcome> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...ENVIRONMENT, ...environment },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let [stdout, stderr, sent] = ['', '', false];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (kill && !sent && kill.when.test(stderr)) {
        sent = true;
        child.kill(kill.signal);
      }
    });
    child.on('error', fail);
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/** The same in another working directory. */
export const twocanIn = (cwd: string, args: readonly string[]): Promise<Outcome> =>
  twocan(args, undefined, {}, cwd);

/** A scratch folder and its removal. */
export function scratch(): { path: (name: string) => string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'twocan-'));
  return {
    path: (name) => join(root, name),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** metrics.jsonl without what the clock said. */
export function metricsOf(run: string): Record<string, unknown>[] {
  return readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => {
      const { machine: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return rest;
    });
}

/** The numbers of the steps in metrics.jsonl, without what was judged between them. */
export function stepsOf(run: string): unknown[] {
  return metricsOf(run).flatMap(({ step, evaluation }) => (evaluation === undefined ? [step] : []));
}

/** A labelled folder of drawings as PNG files: `class-C/I.png`. */
export async function drawPhotos(root: string, classes: number, each: number): Promise<void> {
  for (let c = 0; c < classes; c++) {
    for (let i = 0; i < each; i++) {
      const { width, height, data } = drawShape(key(7), c + 10 * i, 40);
      const path = join(root, `class-${c}`, `${i}.png`);
      mkdirSync(dirname(path), { recursive: true });
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(path);
    }
  }
}
