import { fold, type Key, key, permutation, uniform } from '@twocan/core';
import { describe, expect, it } from 'vitest';
import {
  applyPlan,
  type Dataset,
  drawShape,
  makeBatches,
  resolveAugmentation,
  sampleErasure,
  sampleMix,
  sampleViewPlan,
  shapes,
  toNormalized,
  type ViewPlan,
} from '../src/index.ts';
import { sampleOperations } from '../src/rand-augment.ts';
import { numberedPicture } from './pictures.ts';

// Numbers of one key must be the same in every version, or a resumed run is another run: what depends on
// names of folds alone is held to values; what depends on their order, to the documented folds.

const picture = numberedPicture(20, 14);
/** Pictures that are all the same: whatever differs between views comes from keys. */
const alike: Dataset = { length: 6, name: String, image: async () => picture };
const settings = resolveAugmentation(8);

describe('keys of batches', () => {
  const root = key(3);
  const batches = makeBatches(alike, { key: root, batch: 3, size: 8, views: 2 });

  it('are folded by epoch for the order', async () => {
    for (const step of [0, 1, 2, 5]) {
      const epoch = Math.floor(step / 2);
      const order = permutation(fold(fold(root, 'epoch'), epoch), 6);
      expect((await batches(step)).indices).toEqual(
        order.slice(3 * (step % 2), 3 * (step % 2) + 3),
      );
    }
  });

  it('are folded by epoch, picture and view for the augmentation', async () => {
    for (const step of [0, 3]) {
      const { epoch, indices, views } = await batches(step);
      views.forEach((view, v) => {
        indices.forEach((index, b) => {
          const own = fold(fold(fold(fold(root, 'view'), epoch), index), v);
          const plan = sampleViewPlan(own, picture, 8, settings);
          const pixels = toNormalized(applyPlan(picture, plan, 8));
          expect(view.slice(192 * b, 192 * (b + 1))).toEqual(pixels);
        });
      });
    }
  });

  it('give no two views of a run the same pixels', async () => {
    const steps = await Promise.all([0, 1, 2, 3, 4, 5].map(batches));
    const seen = steps.flatMap(({ views }) =>
      views.flatMap((view) => [0, 1, 2].map((b) => view.slice(192 * b, 192 * (b + 1)).join())),
    );
    expect(new Set(seen).size).toBe(36);
  });
});

describe('keys of a plan', () => {
  const everything = resolveAugmentation(64, {
    flip: 0.5,
    jitter: 0.5,
    grey: 0.5,
    blur: 0.5,
    solarize: 0.5,
    erasing: 0.5,
    // Every rectangle of that area fits, or areas and aspects would depend on each other.
    scale: [0.2, 0.4],
    randAugment: { operations: 2, magnitude: 5 },
  });
  const planOf = (own: Key): ViewPlan =>
    sampleViewPlan(own, { width: 400, height: 300 }, 64, everything);

  it('are folded by name for whatever is there or not', () => {
    for (let seed = 0; seed < 64; seed++) {
      const { flip, grey, sigma, operations, solarize, erase } = planOf(key(seed));
      const kinds = operations.map(({ kind }) => kind);
      const coin = (name: string): boolean => (uniform(fold(key(seed), name), 1)[0] ?? 1) < 0.5;
      expect([flip, grey, sigma > 0, kinds.includes('hue'), solarize === true]).toEqual(
        ['flip', 'grey', 'blur', 'jitter?', 'solarize'].map(coin),
      );
      if (erase !== undefined) expect(coin('erase?')).toBe(true);
    }
  });

  it('are folded by name for each number', () => {
    const { crop, operations, sigma, erase } = sampleViewPlan(
      key(5),
      { width: 400, height: 300 },
      64,
      resolveAugmentation(64, { ...everything, jitter: 1, blur: 1, erasing: 1 }),
    );
    expect(Object.values(crop)).toEqual([152, 10, 178, 184]);
    expect(operations.map(({ kind, amount }) => [kind, amount])).toEqual([
      ['translateX', 0.24261751726269723],
      ['saturation', 0.867455244064331],
      ['hue', -0.07289847135543824],
      ['contrast', 1.3720382213592528],
      ['brightness', 0.9205362319946289],
    ]);
    expect(sigma).toBe(0.19082541465759276);
    expect(erase).toEqual({
      box: { x: 3, y: 13, width: 54, height: 17 },
      noise: { hi: 2645971043, lo: 1101372551 },
    });
  });

  it('give numbers that do not depend on each other', () => {
    const plans = Array.from({ length: 4000 }, (_, i) => planOf(fold(key(8), i)));
    const amount = ({ operations }: ViewPlan, kind: string): number =>
      operations.findLast((change) => change.kind === kind)?.amount ?? Number.NaN;
    const columns: Record<string, (plan: ViewPlan) => number> = {
      flip: ({ flip }) => Number(flip),
      grey: ({ grey }) => Number(grey),
      blurred: ({ sigma }) => Number(sigma > 0),
      jittered: ({ operations }) => Number(operations.some(({ kind }) => kind === 'hue')),
      inverted: ({ solarize }) => Number(solarize === true),
      erased: ({ erase }) => Number(erase !== undefined),
      sigma: ({ sigma }) => sigma || Number.NaN,
      area: ({ crop }) => crop.width * crop.height,
      aspect: ({ crop }) => Math.log(crop.width / crop.height),
      left: ({ crop }) => crop.x / (400 - crop.width),
      top: ({ crop }) => crop.y / (300 - crop.height),
      hue: (plan) => amount(plan, 'hue'),
      rank: ({ operations }) => {
        const rank = operations.slice(-4).findIndex(({ kind }) => kind === 'hue');
        return rank < 0 ? Number.NaN : rank;
      },
      erasedLeft: ({ erase }) => (erase ? erase.box.x / (64 - erase.box.width) : Number.NaN),
      erasedArea: ({ erase }) => (erase ? erase.box.width * erase.box.height : Number.NaN),
    };
    const names = Object.keys(columns);
    for (const one of names) {
      for (const other of names.slice(names.indexOf(one) + 1)) {
        const pairs = plans
          .map((plan) => [columns[one]?.(plan) ?? NaN, columns[other]?.(plan) ?? NaN] as const)
          .filter((pair) => pair.every(Number.isFinite));
        // What is there for one of them alone does not vary in the other.
        const r = correlation(pairs);
        if (r === undefined) continue;
        expect(Math.abs(r), `${one} and ${other}`).toBeLessThan(5 / Math.sqrt(pairs.length));
      }
    }
  });
});

it('keys of operations are folded by number and name', () => {
  const operations = sampleOperations(key(2), { operations: 9, magnitude: 5 });
  expect(operations.map(({ kind, amount }) => [kind, amount])).toEqual([
    ['autocontrast', 0],
    ['shearY', -0.1491548459418118],
    ['invert', 0],
    ['posterize', 2],
  ]);
});

it('keys of an erasure are folded by name', () => {
  expect(sampleErasure(key(1), 64)).toEqual({
    box: { x: 6, y: 8, width: 35, height: 34 },
    noise: { hi: 2919256276, lo: 2867905317 },
  });
});

it('keys of a mix are folded by name and attempt', () => {
  const drawn = (mixup: number, cutmix: number) =>
    [0, 1, 2].map((seed) => sampleMix(key(seed), { mixup, cutmix }, 32));
  expect(drawn(0.8, 0).map(({ keep }) => keep)).toEqual([
    0.42340948783500554, 0.456605918386474, 0.7857098672731141,
  ]);
  expect(drawn(0, 1).map(({ box }) => Object.values(box ?? {}))).toEqual([
    [9, 11, 21, 23],
    [0, 0, 14, 12],
    [0, 18, 9, 32],
  ]);
  for (let seed = 0; seed < 32; seed++) {
    const { box } = sampleMix(key(seed), { mixup: 0.8, cutmix: 1 }, 32);
    expect(box !== undefined).toBe((uniform(fold(key(seed), 'kind'), 1)[0] ?? 1) < 0.5);
  }
});

it('keys of shapes are folded by picture and name', async () => {
  expect([...drawShape(key(0), 4, 8).data.slice(0, 9)]).toEqual([
    68, 60, 87, 67, 51, 89, 63, 57, 87,
  ]);
  const pictures = shapes({ key: key(0), count: 40, size: 8 });
  const seen = await Promise.all(Array.from({ length: 40 }, (_, i) => pictures.image(i)));
  expect(new Set(seen.map(({ data }) => data.join())).size).toBe(40);
});

/** Pearson's, of pairs; nothing where a side does not vary. */
function correlation(pairs: readonly (readonly [number, number])[]): number | undefined {
  const mean = (of: (pair: readonly [number, number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [a, b] = [mean(([x]) => x), mean(([, y]) => y)];
  const [va, vb] = [mean(([x]) => (x - a) ** 2), mean(([, y]) => (y - b) ** 2)];
  return va * vb > 0 ? mean(([x, y]) => (x - a) * (y - b)) / Math.sqrt(va * vb) : undefined;
}
