import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { fold, key } from '@twocan/core';
import { makeBatches, plainViews, shapes, toPixels } from '@twocan/data';
import { imageFolder } from '@twocan/data/node';
import sharp from 'sharp';
import { effectiveRank, knnAccuracy } from '../evaluate/dist/index.js';

await tf.setBackend('wasm');
await tf.ready();
for (const size of [32, 96]) {
  const d = shapes({ key: fold(key(0), 'train'), count: 100, size });
  const rows = 10,
    out = Buffer.alloc(rows * size * 10 * size * 3);
  for (let i = 0; i < 100; i++) {
    const im = await d.image(i);
    const cx = Math.floor(i / 10),
      cy = i % 10;
    for (let y = 0; y < size; y++)
      Buffer.from(im.data.buffer, y * size * 3, size * 3).copy(
        out,
        ((cy * size + y) * 10 * size + cx * size) * 3,
      );
  }
  await sharp(out, { raw: { width: 10 * size, height: rows * size, channels: 3 } })
    .resize(640, 640, { kernel: 'nearest' })
    .png()
    .toFile(`/tmp/data/shapes${size}.png`);
}
let t = performance.now();
const train = shapes({ key: fold(key(0), 'train'), count: 1500, size: 32 }),
  test = shapes({ key: fold(key(0), 'test'), count: 500, size: 32 });
const f = async (d) => ({
  features: await plainViews(
    d,
    Array.from({ length: d.length }, (_, i) => i),
    { size: 32 },
  ),
  labels: d.labels,
});
const tr = await f(train),
  te = await f(test);
console.log('make 2000 images', performance.now() - t);
t = performance.now();
for (const centre of [false, true]) {
  const r = await knnAccuracy({ train: tr, test: te, centre });
  console.log(centre, r.accuracy, r.perClass.map((x) => x.toFixed(2)).join(' '));
}
console.log('knn', performance.now() - t);
t = performance.now();
console.log(
  'erank',
  effectiveRank(tr.features.subarray(0, 1500 * 768), { rows: (1500 * 768) / 768 }),
  performance.now() - t,
);
// speed
for (const [name, ds, size] of [
  [
    'shapes32',
    await (async () => {
      const { cached } = await import('@twocan/data');
      const c = cached(train);
      for (let i = 0; i < 1500; i++) await c.image(i);
      return c;
    })(),
    32,
  ],
]) {
  const b = makeBatches(ds, { key: key(1), batch: 64, size });
  await b(0);
  t = performance.now();
  for (let s = 1; s < 20; s++) await b(s);
  const dt = (performance.now() - t) / 1000;
  console.log(name, 'views/s', (19 * 128) / dt);
  const bb = await b(3);
  const out = Buffer.alloc(16 * 32 * 8 * 32 * 3);
  for (let i = 0; i < 64; i++)
    for (let v = 0; v < 2; v++) {
      const px = toPixels(bb.views[v].subarray(i * 3072, (i + 1) * 3072));
      const cx = i % 8,
        cy = Math.floor(i / 8) * 2 + v;
      for (let y = 0; y < 32; y++)
        Buffer.from(px.buffer, y * 96, 96).copy(out, ((cy * 32 + y) * 256 + cx * 32) * 3);
    }
  await sharp(out, { raw: { width: 256, height: 512, channels: 3 } })
    .resize(512, 1024, { kernel: 'nearest' })
    .png()
    .toFile('/tmp/data/views.png');
}
