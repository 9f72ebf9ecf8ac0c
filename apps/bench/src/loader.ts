import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { resolveCanConfig } from '@twocan/can';
import { fold, key } from '@twocan/core';
import {
  applyPlan,
  type Dataset,
  drawShape,
  makeBatches,
  resolveAugmentation,
  sampleViewPlan,
  toNormalized,
  type ViewPlan,
} from '@twocan/data';
import { imageFolder } from '@twocan/data/node';
import sharp from 'sharp';

import { startEngine } from './engine.ts';
import { trainingMillis } from './loading.ts';
import { median } from './median.ts';
import { machine } from './options.ts';

const ROOT = key(0);
const [DRAWINGS, ROUNDS] = [512, 7];

/** Milliseconds of the median round; the first compiles and is left out. */
async function timed(work: (round: number) => unknown): Promise<number> {
  const millis: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const begin = performance.now();
    await work(round);
    if (round > 0) millis.push(performance.now() - begin);
  }
  return median(millis);
}

/** A folder of PNG drawings, used where no folder is given. */
async function drawFolder(side: number): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'twocan-loader-'));
  for (let i = 0; i < DRAWINGS; i++) {
    const { width, height, data } = drawShape(ROOT, i, side);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(root, `${i}.png`));
  }
  return root;
}

/** What each part of the augmentation adds, in milliseconds for all views of a batch. */
async function augmentationParts(
  dataset: Dataset,
  views: number,
  size: number,
): Promise<readonly (readonly [string, number])[]> {
  const settings = resolveAugmentation(size);
  const images = await Promise.all(
    Array.from({ length: views }, (_, i) => dataset.image(i % dataset.length)),
  );
  const draw = (): ViewPlan[] =>
    images.map((image, i) => sampleViewPlan(fold(ROOT, i), image, size, settings));
  const plans = draw();
  const apply = (without: Partial<ViewPlan>): Promise<number> =>
    timed(() =>
      images.forEach((image, i) => {
        applyPlan(image, { ...(plans[i] as ViewPlan), ...without }, size);
      }),
    );
  const crop = await apply({ operations: [], grey: false, sigma: 0 });
  const coloured = await apply({ sigma: 0 });
  const whole = await apply({});
  const view = new Float32Array(size * size * 3);
  const normalised = await timed(() => images.map(() => toNormalized(view)));
  return [
    ['  drawing plans', await timed(draw)],
    ['  crop and resize', crop],
    ['  colours', Math.max(0, coloured - crop)],
    ['  blur', Math.max(0, whole - coloured)],
    ['  normalising', normalised],
  ];
}

const rate = (millis: number, images: number): string =>
  millis < 0.05 ? '-' : ((1000 * images) / millis).toFixed(0);

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const [preset = 'tiny32', batchWord = '64', folder] = positionals;
const batch = Number(batchWord);
const config = resolveCanConfig({ preset, method: 'can' } as Parameters<
  typeof resolveCanConfig
>[0]);
const size = config.encoder.image.width;
const about = await startEngine(given.engine, { threads: Number(given.threads) });
const root = folder ?? (await drawFolder(size));
try {
  const begin = performance.now();
  const dataset = await imageFolder(root, { shortSide: 2 * size });
  const decoding = performance.now() - begin;
  const batches = makeBatches(dataset, { key: ROOT, batch, size });
  const loading = await timed(batches);
  const parts = await augmentationParts(dataset, 2 * batch, size);
  const first = await batches(0);
  const alone = await trainingMillis(config, ROOT, () => first, ROUNDS);
  const fed = await trainingMillis(config, ROOT, batches, ROUNDS);
  await dataset.close();
  const line = (what: string, millis: number, images: number): string =>
    `${what.padEnd(26)}${millis.toFixed(1).padStart(9)} ms${rate(millis, images).padStart(9)} images/s`;
  console.log(
    [
      `${preset}, batch ${batch}, 2 views of ${size} px; ${about}; ${machine()}`,
      line(`decode ${dataset.length} files, once`, decoding, dataset.length),
      line('views of a batch, cached', loading, batch),
      ...parts.map(([part, millis]) => line(part, millis, batch)),
      line('training step, same batch', alone, batch),
      line('training step, loading', fed, batch),
      `views are made ${(alone / loading).toFixed(1)} times as fast as the step takes them; with loading ` +
        `a step takes ${(fed / alone).toFixed(2)} times as long (medians of ${ROUNDS})`,
    ].join('\n'),
  );
} finally {
  if (folder === undefined) rmSync(root, { recursive: true });
}
process.exit(0);
