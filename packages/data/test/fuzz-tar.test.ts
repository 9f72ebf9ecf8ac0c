import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fold, key, uniform } from '@twocan/core';
import { afterAll, expect, it } from 'vitest';
import { imageShards } from '../src/node/index.ts';

const GOLDEN = fileURLToPath(new URL('golden/shards', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'twocan-fuzz-'));
afterAll(() => rmSync(root, { recursive: true }));

const FILES = ['wds-000.tar', 'pax.tar', 'gnu.tar', 'tar-posix.tar', 'tar-v7.tar'];
const ROUNDS = 80;

/** Changes some bytes, most of them in headers, and cuts or doubles a part now and then. */
function mutated(bytes: Buffer, round: number): Buffer {
  const draws = uniform(fold(key(23), round), 64);
  let next = 0;
  const draw = (below: number): number => Math.floor((draws[next++ % 64] ?? 0) * below);
  let out = Buffer.from(bytes);
  for (let changes = 1 + draw(6); changes > 0; changes--) {
    const block = 512 * draw(out.length / 512);
    const at = block + (draw(3) === 0 ? draw(512) : (FIELDS[draw(FIELDS.length)] ?? 0) + draw(8));
    out[Math.min(at, out.length - 1)] = [0, 0xff, 0x80, 0x30, 0x37, draw(256)][draw(6)] ?? 0;
    if (draw(2) === 0) fixSum(out, block);
  }
  if (draw(4) === 0) out = out.subarray(0, draw(out.length));
  if (draw(6) === 0) out = Buffer.concat([out, out.subarray(512 * draw(out.length / 512))]);
  return out;
}

/** Where a header has its name, size, sum, kind, magic and prefix. */
const FIELDS = [0, 92, 124, 132, 148, 156, 257, 345];

/** Else a changed header is refused for its sum alone. */
function fixSum(bytes: Buffer, at: number): void {
  const header = bytes.subarray(at, at + 512);
  if (header.length < 512) return;
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

it.each(FILES)(
  '%s with changed bytes is read or named, never more than it holds',
  {
    timeout: 120_000,
  },
  async (file) => {
    const whole = readFileSync(join(GOLDEN, file));
    const outcomes = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutated(whole, round);
      const name = `${file}-${round}.tar`;
      writeFileSync(join(root, name), bytes);
      const shards = await imageShards(root, [name]);
      for (const image of shards.images) {
        const part = shards.part(image);
        expect(part.size).toBeLessThanOrEqual(bytes.length);
        expect((await part.read()).length).toBe(part.size);
        expect(image.split('/')).not.toContain('..');
      }
      outcomes.add(`${shards.images.length > 0} ${shards.leftOut.length > 0}`);
      await shards.close();
    }
    // Of some nothing is left, and of most a part.
    expect(outcomes.size).toBeGreaterThan(1);
  },
);
