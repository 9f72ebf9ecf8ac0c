import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor } from '@tensorflow/tfjs-core';
import { disposeTree } from '@twocan/core';
import { describeBackends } from '@twocan/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
  writeFileAtomic,
} from '../src/node/index.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twocan-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function save(step: number, keep?: number): Promise<string> {
  const params = { w: tensor([step]) };
  const path = await saveCheckpoint(folder, { step, params }, keep === undefined ? {} : { keep });
  disposeTree(params);
  return path;
}

async function newest(): Promise<{ step: number; weight: number; skipped: number } | undefined> {
  const loaded = await loadCheckpoint(folder);
  if (loaded === undefined) return undefined;
  const { w } = loaded.params as { w: ReturnType<typeof tensor> };
  const weight = w.dataSync()[0] ?? Number.NaN;
  disposeTree(loaded.params);
  return { step: loaded.step, weight, skipped: loaded.skipped.length };
}

describeBackends('checkpoint folders', () => {
  it('keep the newest files by step', async () => {
    for (const step of [5, 10, 100, 1000]) await save(step, 2);
    expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([1000, 100]);
    expect(await newest()).toEqual({ step: 1000, weight: 1000, skipped: 0 });
  });

  it('never prune the file just written, and clear what a crash left', async () => {
    const leftover = `.checkpoint-00000007.safetensors.${crypto.randomUUID()}.tmp`;
    await writeFile(join(folder, leftover), 'half');
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await save(50, 1);
    await save(7, 1);
    expect(await readdir(folder)).toEqual(['checkpoint-00000007.safetensors', 'notes.txt']);
  });

  it('fall back to an older file when the newest is damaged, and say so', async () => {
    await save(1);
    await truncate(await save(2), 100);
    expect(await newest()).toEqual({ step: 1, weight: 1, skipped: 1 });
    await truncate(join(folder, 'checkpoint-00000001.safetensors'), 3);
    await expect(loadCheckpoint(folder)).rejects.toThrow(/no checkpoint in .* can be read/);
  });

  it('tell an empty or absent folder from a missing file', async () => {
    expect(await loadCheckpoint(folder)).toBeUndefined();
    expect(await loadCheckpoint(join(folder, 'none'))).toBeUndefined();
    await expect(loadCheckpoint(join(folder, 'x.safetensors'))).rejects.toThrow(/ENOENT/);
    await expect(save(1, 0)).rejects.toThrow(/keep must be at least 1/);
  });

  it('load one file by its path', async () => {
    const loaded = await loadCheckpoint(await save(4));
    expect(loaded?.step).toBe(4);
    if (loaded) disposeTree(loaded.params);
  });

  it('replace files whole and leave nothing behind on failure', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'old');
    await writeFileAtomic(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    // The goal is a folder: the rename fails after the temporary file was written.
    await expect(writeFileAtomic(folder, 'x')).rejects.toThrow();
    await expect(writeFileAtomic(join(folder, 'none', 'file'), 'x')).rejects.toThrow(/ENOENT/);
    expect(await readdir(folder)).toEqual(['file']);
  });
});
