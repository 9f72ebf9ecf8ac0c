import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const disk = vi.hoisted(() => ({
  /** Every call, in order. */
  calls: [] as string[],
  /** The call that fails, from 1; 0 for none. */
  failing: 0,
}));

// The real file system, which records its calls and fails at the one that a test names. A write fails
// after half of its bytes.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Files>();
  const named = (path: unknown): string => (/\.tmp$/.test(String(path)) ? 'temporary' : 'goal');
  const call = async <R>(name: string, work: () => Promise<R>, half?: () => Promise<unknown>) => {
    disk.calls.push(name);
    if (disk.calls.length !== disk.failing) return work();
    await half?.();
    throw Object.assign(new Error(`injected at ${name}`), { code: 'EIO' });
  };
  return {
    ...real,
    open: (path: string, flags: string) =>
      call(`open ${flags === 'r' ? 'folder' : named(path)}`, async () => {
        const of = flags === 'r' ? 'folder' : named(path);
        const handle = await real.open(path, flags);
        return {
          writeFile: (bytes: string) =>
            call(
              `write ${of}`,
              () => handle.writeFile(bytes),
              () => handle.writeFile(bytes.slice(0, bytes.length / 2)),
            ),
          sync: () => call(`sync ${of}`, () => handle.sync()),
          close: () =>
            call(
              `close ${of}`,
              () => handle.close(),
              () => handle.close(),
            ),
        };
      }),
    rename: (from: string, to: string) =>
      call(`rename ${named(from)} to ${named(to)}`, () => real.rename(from, to)),
  };
});

// Loaded anew: where files of tests share their modules, another one may have it with the real file system.
vi.resetModules();
const { writeFileAtomic } = await import('../src/node/atomic.ts');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twocan-'));
  Object.assign(disk, { calls: [], failing: 0 });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What must happen, in this order: else a crash can leave a new name over bytes that never arrived. */
const ORDER = [
  'open temporary',
  'write temporary',
  'sync temporary',
  'close temporary',
  'rename temporary to goal',
  ...(process.platform === 'win32' ? [] : ['open folder', 'sync folder', 'close folder']),
];

describe('writeFileAtomic', () => {
  it('flushes the bytes before the rename, and the folder after it', async () => {
    await writeFileAtomic(join(folder, 'file'), 'new');
    expect(disk.calls).toEqual(ORDER);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('new');
  });

  it.each(ORDER.map((name, i) => [name, i + 1] as const))(
    'failing at "%s" leaves one whole file and no other',
    async (name, failing) => {
      const path = join(folder, 'file');
      await writeFileAtomic(path, 'old content');
      Object.assign(disk, { calls: [], failing });
      await expect(writeFileAtomic(path, 'new content')).rejects.toThrow(`injected at ${name}`);
      // Without a restart: a process that lives on leaves nothing behind.
      expect(readdirSync(folder)).toEqual([basename(path)]);
      const renamed = failing > ORDER.indexOf('rename temporary to goal') + 1;
      expect(readFileSync(path, 'utf8')).toBe(renamed ? 'new content' : 'old content');
    },
  );
});
