import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageFolder } from '../src/node/index.ts';
import { weightLimit } from '../src/weight-limit.ts';
import { numberedPicture } from './pictures.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'twocan-in-flight-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Writes copies of a file and gives their names. */
async function copies(count: number, ending: string, content: Uint8Array): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `${content.length}-${i}.${ending}`);
  await Promise.all(names.map((name) => writeFile(join(root, name), content)));
  return names;
}

const noise = (width: number, height: number) =>
  sharp(numberedPicture(width, height).data, { raw: { width, height, channels: 3 } });

const create = { channels: 3, background: 'teal' } as const;
const flat = (width: number, height: number) => sharp({ create: { ...create, width, height } });

describe('reasons', () => {
  it('of pictures that fail at the same time are those of each alone', async () => {
    const whole = await noise(1200, 900).jpeg().toBuffer();
    const cut = whole.subarray(0, Math.floor(whole.length / 2));
    await expect(sharp(cut, { failOn: 'error' }).raw().toBuffer()).rejects.toThrow(
      /premature end/i,
    );
    const [sound = ''] = await copies(1, 'jpg', whole);
    const cutOff = await copies(10, 'jpg', cut);
    const noPicture = await copies(5, 'png', Buffer.from('<!DOCTYPE html>'));
    const png = await noise(300, 300).png().toBuffer();
    const others = await copies(5, 'png', png.fill(0, Math.floor(png.length / 3)));
    const reasonsOf = async (only: string[], atOnce: number) => {
      const { broken } = await imageFolder(root, { only: [sound, ...only], atOnce });
      return new Map(broken.map(({ name, reason }) => [name, reason]));
    };
    const mixed = cutOff.flatMap((name, i) => [name, [...noPicture, ...others][i] ?? '']);
    const alone = new Map<string, string>();
    for (const name of mixed) {
      alone.set(name, (await reasonsOf([name], 1)).get(name) ?? 'none');
    }
    expect(new Set(cutOff.map((name) => alone.get(name)))).toEqual(
      new Set(['damaged: the file is cut off or was changed']),
    );
    expect([...alone.values()]).not.toContain('none');
    for (let round = 0; round < 5; round++) expect(await reasonsOf(mixed, 16)).toEqual(alone);
  });
});

describe('pictures in flight', () => {
  /** The most that sharp itself counts as waiting for it or being decoded. */
  async function mostInFlight(run: () => Promise<unknown>): Promise<number> {
    let most = 0;
    const look = (): void => {
      const { queue, process } = sharp.counters();
      most = Math.max(most, queue + process);
    };
    sharp.queue.on('change', look);
    await run().finally(() => sharp.queue.off('change', look));
    return most;
  }

  it('are one of those that decoded need more than the budget, some of small ones', async () => {
    const large = await flat(5000, 3000).toColourspace('rgb16').png().toBuffer();
    const small = await flat(500, 300).png().toBuffer();
    const read = (only: string[]) => imageFolder(root, { only, atOnce: 4, shortSide: 8 });
    const ofLarge = await copies(4, 'png', large);
    expect(await mostInFlight(() => read(ofLarge))).toBe(1);
    const ofSmall = await copies(40, 'png', small);
    const most = await mostInFlight(() => read(ofSmall));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('are decoded to what sharp makes of each file', async () => {
    const deep = await flat(5000, 3000).toColourspace('rgb16').png().toBuffer();
    const raw = await noise(1500, 1000).png({ compressionLevel: 0 }).toBuffer();
    const jpeg = await noise(1600, 1200).jpeg({ quality: 100 }).toBuffer();
    const tiff = await noise(900, 700).tiff({ compression: 'none' }).toBuffer();
    expect(Math.min(raw.length, jpeg.length, tiff.length)).toBeGreaterThan(2 ** 20);
    await Promise.all(
      Object.entries({ 'a.png': deep, 'b[0].png': raw, 'c.jpg': jpeg, 'd.tif': tiff }).map(
        ([name, content]) => writeFile(join(root, name), content),
      ),
    );
    const only = ['a.png', 'b[0].png', 'c.jpg', 'd.tif'];
    // One of few bytes and large, others that are read for their header by path, by bytes, or whole.
    const folder = await imageFolder(root, { only, atOnce: 4, shortSide: 50 });
    for (const [i, content] of [deep, raw, jpeg, tiff].entries()) {
      const plain = sharp(content).toColourspace('srgb').removeAlpha();
      const bytes = await plain.resize(50, 50, { fit: 'outside' }).raw().toBuffer();
      expect((await folder.image(i)).data, only[i]).toEqual(new Uint8Array(bytes));
    }
  });
});

describe('weightLimit', () => {
  it('never holds more than its budget, keeps the order, and lets a heavier task run alone', async () => {
    const limit = weightLimit(10);
    let [held, most, running] = [0, 0, 0];
    const order: number[] = [];
    const weights = [4, 4, 4, 25, 1, 10, 0, 3, Number.POSITIVE_INFINITY, 2, 2, 2, 2, 2, 2];
    const run = (weight: number, i: number) =>
      limit(weight, async () => {
        order.push(i);
        held += weight;
        running++;
        if (weight >= 10) expect(running).toBe(1);
        else most = Math.max(most, held);
        await new Promise((done) => setTimeout(done, 3));
        running--;
        held = weight === Number.POSITIVE_INFINITY ? 0 : held - weight;
        if (i % 2 === 1) throw new Error('fails');
      });
    const results = await Promise.allSettled(weights.map(run));
    expect(results.map(({ status }) => status === 'rejected')).toEqual(
      weights.map((_, i) => i % 2 === 1),
    );
    expect(order).toEqual(weights.map((_, i) => i));
    expect(most).toBe(10);
  });
});

it('refuses options that it does not know', async () => {
  await expect(imageFolder(root, { workers: 1 } as object)).rejects.toThrow(
    /^imageFolder: options must have only shortSide, .*got 'workers'$/,
  );
});
