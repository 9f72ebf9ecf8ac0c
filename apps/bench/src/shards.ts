import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fold, key, permutation } from '@twocan/core';
import { drawShape } from '@twocan/data';
import {
  type FileParts,
  imageFolder,
  imageShards,
  listFolder,
  TAR_END,
  tarMember,
} from '@twocan/data/node';
import sharp from 'sharp';

// Many small images in shards, beside the same in a folder: what it takes to know them, and to read them
// in any order. Each way is measured in a process of its own, for its memory.
//   node dist/shards.js --images 1000000 --shards 100 [--only folder]

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '100000' },
    shards: { type: 'string', default: '100' },
    reads: { type: 'string', default: '20000' },
    measure: { type: 'string' },
    root: { type: 'string' },
    only: { type: 'string' },
  },
});
const [images, shards, reads] = [values.images, values.shards, values.reads].map(Number) as [
  number,
  number,
  number,
];
const CLASSES = 100;
const AT_ONCE = 256;

/** Drawings that are repeated: what is in them is no matter here, but for their size. */
async function drawings(): Promise<readonly Buffer[]> {
  return Promise.all(
    Array.from({ length: 500 }, (_, i) => {
      const { width, height, data } = drawShape(key(1), i, 32);
      return sharp(data, { raw: { width, height, channels: 3 } })
        .jpeg()
        .toBuffer();
    }),
  );
}

const nameOf = (i: number): string => `${i % CLASSES}/${String(i).padStart(7, '0')}`;

function writeShards(root: string, drawn: readonly Buffer[]): void {
  mkdirSync(root);
  const order = permutation(fold(key(2), 'shards'), images);
  const each = Math.ceil(images / shards);
  for (let s = 0; s < shards; s++) {
    const members = Array.from(order.subarray(s * each, (s + 1) * each), (i) => [
      tarMember(`${nameOf(i)}.jpg`, drawn[i % drawn.length] as Buffer),
      tarMember(`${nameOf(i)}.cls`, Buffer.from(String(i % CLASSES))),
    ]);
    writeFileSync(
      join(root, `${String(s).padStart(5, '0')}.tar`),
      Buffer.concat([...members.flat(), TAR_END]),
    );
  }
}

function writeFolder(root: string, drawn: readonly Buffer[]): void {
  for (let c = 0; c < CLASSES; c++) mkdirSync(join(root, String(c)), { recursive: true });
  for (let i = 0; i < images; i++) {
    writeFileSync(join(root, `${nameOf(i)}.jpg`), drawn[i % drawn.length] as Buffer);
  }
}

type Seconds = { readonly clock: number; readonly processor: number };

/** How long it took, by the clock and on all threads, with the result. */
async function timed<T>(work: () => Promise<T>): Promise<readonly [Seconds, T]> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  const clock = (performance.now() - begin) / 1000;
  return [{ clock, processor: (user + system) / 1e6 }, result];
}

/** On a busy machine the clock says little. */
const shown = ({ clock, processor }: Seconds): string =>
  `${clock.toFixed(2)} s (processor ${processor.toFixed(2)} s)`;

async function measure(root: string, kind: string): Promise<void> {
  const list = async (): Promise<{
    readonly images: readonly string[];
    readonly parts?: FileParts;
  }> => {
    if (kind === 'folder') return listFolder(root, { cacheFolder: `${root}-list` });
    const files = readdirSync(root).filter((name) => name.endsWith('.tar'));
    const found = await imageShards(root, files.toSorted());
    return { images: found.images, parts: found };
  };
  const [first, { images: only, parts }] = await timed(list);
  const [again] = await timed(list);
  const listed = process.memoryUsage().rss / 1e6;
  const [opening, dataset] = await timed(() =>
    imageFolder(root, { only, cacheBytes: 0, shortSide: 64, ...(parts && { parts }) }),
  );
  const order = permutation(key(3), dataset.length).subarray(0, reads);
  const readAll = async (): Promise<void> => {
    for (let at = 0; at < order.length; at += AT_ONCE) {
      await Promise.all(Array.from(order.subarray(at, at + AT_ONCE), (i) => dataset.image(i)));
    }
  };
  const [reading] = await timed(readAll);
  const row = [
    `known in ${shown(first)}, again in ${shown(again)}`,
    `opened in ${shown(opening)}`,
    `${order.length} read in ${shown(reading)}, ${Math.round(order.length / reading.clock)} images/s`,
    `memory ${listed.toFixed(0)} MB when known, ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most`,
  ];
  console.log(`${kind.padEnd(7)} ${dataset.length} images: ${row.join('; ')}`);
  await dataset.close();
}

if (values.measure !== undefined && values.root !== undefined) {
  await measure(values.root, values.measure);
} else {
  const root = mkdtempSync(join(tmpdir(), 'twocan-shards-'));
  try {
    const drawn = await drawings();
    const bytes = drawn.reduce((sum, { length }) => sum + length, 0) / drawn.length;
    console.log(`${images} images of ${Math.round(bytes)} bytes, ${shards} shards`);
    const kinds = values.only === undefined ? ['shards', 'folder'] : [values.only];
    for (const kind of kinds) {
      const place = join(root, kind);
      (kind === 'shards' ? writeShards : writeFolder)(place, drawn);
      const args = ['--measure', kind, '--root', place, '--reads', values.reads];
      spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' });
      rmSync(place, { recursive: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
