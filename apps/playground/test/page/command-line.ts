import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

const BIN = fileURLToPath(new URL('../../../cli/dist/bin.js', import.meta.url));

/** A folder that nothing is in. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'playground-'));

/** Runs the built program, and returns what it prints. */
export function twocan(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...words], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`twocan ${words.join(' ')}: ${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Unpacks a run that was downloaded, and returns its folder. */
export function unpackedRun(archive: Uint8Array): string {
  const folder = emptyFolder();
  for (const [name, bytes] of Object.entries(unzipSync(archive))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return join(folder, 'twocan-run');
}

/** The newest checkpoint of a run. */
export function newestCheckpoint(run: string): Uint8Array {
  const folder = join(run, 'checkpoints');
  return readFileSync(join(folder, readdirSync(folder).sort().at(-1) ?? ''));
}
