import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { listFolder } from '../src/node/index.ts';

const root = mkdtempSync(join(tmpdir(), 'twocan-many-'));
afterAll(() => rmSync(root, { recursive: true }));

it('lists a sub-folder of more files than a call takes arguments, counting them', {
  timeout: 120_000,
}, async () => {
  const count = 130_000;
  mkdirSync(join(root, 'data/train'), { recursive: true });
  for (let i = 0; i < count; i++) {
    const seed = join(root, `seed-${Math.floor(i / 60_000)}`); // a file takes 65,000 links
    if (i % 60_000 === 0) writeFileSync(seed, '');
    linkSync(seed, join(root, 'data/train', `${i}.png`));
  }
  const counts: number[] = [];
  const progress = (images: number): number => counts.push(images);
  const { images } = await listFolder(join(root, 'data'), { progress });
  expect(images).toHaveLength(count);
  expect(counts.length).toBeGreaterThan(100);
  expect(counts).toContain(count);
});
