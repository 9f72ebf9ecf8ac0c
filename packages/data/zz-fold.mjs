import { readFileSync } from 'node:fs';
import { key } from '@twocan/core';
import { makeBatches } from '@twocan/data';
import { imageFolder } from '@twocan/data/node';

const S = '/work/shared/data/';
const f = await imageFolder(S + 'fixture/formats', { workers: 2 });
const exp = JSON.parse(readFileSync(S + 'fixture/formats/expected.json')).files;
for (let i = 0; i < f.length; i++) {
  const im = await f.image(i);
  const m = [0, 0, 0];
  im.data.forEach((x, j) => (m[j % 3] += x / (im.width * im.height)));
  const e = exp[f.name(i)];
  console.log(
    f.name(i),
    im.width,
    im.height,
    e.uprightWidth,
    e.uprightHeight,
    'max mean diff',
    Math.max(...m.map((x, j) => Math.abs(x - e.meanRGB[j]))).toFixed(2),
  );
}
for (const [p, o, size] of [
  ['cifar10-small/train', {}, 32],
  ['clothing-cc0/train', {}, 64],
  ['clothing-cc0/train', { shortSide: 96 }, 64],
  ['imagenette-5k/val', { cacheBytes: 0 }, 64],
  ['fixture/train', {}, 32],
]) {
  let t = performance.now();
  const d = await imageFolder(S + p, o);
  const open = performance.now() - t;
  const b = makeBatches(d, { key: key(0), batch: 32, size });
  await b(0);
  t = performance.now();
  const n = Math.min(30, Math.floor(d.length / 32) * 3);
  for (let i = 1; i <= n; i++) await b(i);
  console.log(
    p,
    JSON.stringify(o),
    size,
    d.length,
    d.classes?.length,
    'mem',
    d.inMemory,
    'broken',
    d.broken.length,
    'open ms',
    open.toFixed(0),
    'views/s',
    ((n * 64) / ((performance.now() - t) / 1000)).toFixed(0),
    'rss',
    (process.memoryUsage().rss / 1e6).toFixed(0),
  );
  await d.close();
}
