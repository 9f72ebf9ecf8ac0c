import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor } from '@tensorflow/tfjs-core';
import { disposeTree } from '@twocan/core';
import { describeBackends } from '@twocan/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

/** What goes wrong: which call of the file system, how, and whether anything works afterwards. */
type Fault = { readonly at: number; readonly code: string; readonly dead: boolean };

const state = vi.hoisted(() => ({
  calls: 0,
  fault: undefined as { at: number; code: string; dead: boolean } | undefined,
}));

// Every call that a save makes is counted; the chosen one fails, a write after half of its bytes.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Files>();
  const failing = (): boolean => {
    const { fault } = state;
    const number = ++state.calls;
    return fault !== undefined && (fault.dead ? number >= fault.at : number === fault.at);
  };
  const error = () => Object.assign(new Error(`injected ${state.fault?.code}`), state.fault);
  const guarded =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (failing()) throw error();
      return call(...args);
    };
  const open = async (...args: Parameters<typeof Files.open>) => {
    const handle = await guarded(real.open)(...args);
    return {
      writeFile: async (bytes: Uint8Array) => {
        if (!failing()) return handle.writeFile(bytes);
        await handle.writeFile(bytes.subarray(0, bytes.length / 2));
        throw error();
      },
      sync: guarded(() => handle.sync()),
      // The descriptor goes either way, as it does when a process dies.
      close: async () => {
        await handle.close();
        if (failing()) throw error();
      },
    };
  };
  return {
    ...real,
    open,
    rename: guarded(real.rename),
    rm: guarded(real.rm),
  };
});

// Loaded anew: where files of tests share their modules, another one may have it with the real file system.
vi.resetModules();
const { loadCheckpoint, saveCheckpoint } = await import('../src/node/index.ts');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twocan-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function save(step: number, fault?: Fault): Promise<unknown> {
  const params = { w: tensor([step, step + 0.5]) };
  state.calls = 0;
  state.fault = fault;
  const result = await saveCheckpoint(folder, { step, params }, { keep: 2 }).catch(
    (problem: unknown) => problem,
  );
  state.fault = undefined;
  disposeTree(params);
  return result;
}

/** The step of the newest readable checkpoint, its weights checked. */
async function newest(): Promise<{ readonly step: number; readonly skipped: number }> {
  const loaded = await loadCheckpoint(folder);
  if (loaded === undefined) throw new Error('no checkpoint is left');
  const { w } = loaded.params as { w: ReturnType<typeof tensor> };
  expect([...w.dataSync()]).toEqual([loaded.step, loaded.step + 0.5]);
  disposeTree(loaded.params);
  return { step: loaded.step, skipped: loaded.skipped.length };
}

const temporaries = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

describeBackends('a save that is interrupted', () => {
  it.each([
    ['by a full disk', 'ENOSPC', false],
    ['by a folder that became read-only', 'EACCES', false],
    ['by the death of the process', 'EIO', true],
  ])('%s leaves the previous or the new checkpoint at every call', async (_, code, dead) => {
    await save(1);
    await save(2);
    let at = 0;
    let step = 3;
    let last = 2;
    for (;;) {
      const result = await save(step, { at: ++at, code, dead });
      // The fault lay behind the last call: every call of a save has had its turn.
      if (state.calls < at) break;
      const found = await newest();
      expect(found.skipped, `call ${at}: no half file under a checkpoint's name`).toBe(0);
      expect([last, step], `call ${at}`).toContain(found.step);
      if (typeof result === 'string') expect(found.step).toBe(step);
      else expect(String(result)).toContain(code);
      // A process that lives cleans up after itself; after a death the next save does.
      if (!dead && at > 1 && typeof result !== 'string')
        expect(temporaries().length).toBeLessThan(2);
      expect(typeof (await save(step + 1))).toBe('string');
      expect(temporaries()).toEqual([]);
      expect(readdirSync(folder).length).toBeLessThanOrEqual(2);
      last = step + 1;
      step += 2;
    }
    expect(at).toBeGreaterThan(8);
    console.log(`${code}${dead ? ' and death' : ''}: a fault at each of ${at - 1} calls`);
  });
});
