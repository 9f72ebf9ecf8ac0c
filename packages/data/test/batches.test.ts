import { key } from '@twocan/core';
import { expectClose } from '@twocan/testkit';
import { describe, expect, it } from 'vitest';
import {
  applyPlan,
  cached,
  centrePlan,
  type Dataset,
  makeBatches,
  plainViews,
  shapes,
  stepsPerEpoch,
  subset,
  toNormalized,
  toPixels,
} from '../src/index.ts';

const dataset = shapes({ key: key(4), count: 23, size: 16 });
const make = (seed = 0, options = {}) =>
  makeBatches(dataset, { key: key(seed), batch: 5, size: 8, ...options });

describe('makeBatches', () => {
  it('depends on key and step alone: out of order, twice, after a restart', async () => {
    const inOrder = make();
    const forwards = [];
    for (let step = 0; step < 9; step++) forwards.push(await inOrder(step));
    const restarted = make();
    for (const step of [8, 2, 5, 2, 0]) expect(await restarted(step)).toEqual(forwards[step]);
    expect((await make(1)(0)).views).not.toEqual(forwards[0]?.views);
  });

  it('gives rows of a batch as they are in the whole, and reads no other pictures', async () => {
    const read: number[] = [];
    const watched = {
      ...dataset,
      image: (index: number) => {
        read.push(index);
        return dataset.image(index);
      },
    };
    const rows = { first: 2, count: 2 };
    const whole = await make()(6);
    const some = await makeBatches(watched, { key: key(0), batch: 5, size: 8, rows })(6);
    expect(some.shape).toEqual([2, 8, 8, 3]);
    expect(some.indices).toEqual(whole.indices.slice(2, 4));
    expect(some.views).toEqual(whole.views.map((view) => view.slice(2 * 192, 4 * 192)));
    expect(read).toEqual([...some.indices]);
    expect(() => make(0, { rows: { first: 4, count: 2 } })).toThrow(
      'makeBatches: rows.count must be at most 1, got 2',
    );
  });

  it('shows each picture at most once an epoch, in a new order each', async () => {
    const batches = make();
    expect(stepsPerEpoch(dataset, 5)).toBe(4);
    const epoch = async (first: number) =>
      (await Promise.all([0, 1, 2, 3].map((i) => batches(first + i)))).flatMap(({ indices }) => [
        ...indices,
      ]);
    const [first, second] = [await epoch(0), await epoch(4)];
    expect(new Set(first).size).toBe(20);
    expect(new Set(second).size).toBe(20);
    expect(first).not.toEqual(second);
    expect((await batches(3)).epoch).toBe(0);
    expect((await batches(4)).epoch).toBe(1);
  });

  it('gives the views asked for, normalised, different from each other', async () => {
    const { views, shape } = await make(0, { views: 3 })(1);
    expect(shape).toEqual([5, 8, 8, 3]);
    expect(views.map((view) => view.length)).toEqual([960, 960, 960]);
    expect(views[0]).not.toEqual(views[1]);
    expect((await make(0, { views: 1 })(1)).views[0]).toEqual(views[0]);
  });

  it('is the plain picture when all augmentation is off', async () => {
    const augmentation = { scale: [1, 1], aspect: [1, 1], flip: 0, jitter: 0, grey: 0 } as const;
    const { views, indices } = await make(0, { augmentation })(2);
    expect(views[0]).toEqual(await plainViews(dataset, indices, { size: 8 }));
  });

  it('says what is wrong', async () => {
    expect(() => make(0, { batch: 24 })).toThrow(
      "makeBatches: batch must be at most the data set's 23 pictures, got 24",
    );
    expect(() => make(0, { size: 0 })).toThrow(/size must be a positive integer, got 0/);
    await expect(make()(-1)).rejects.toThrow(/step must be an integer of 0 or more, got -1/);
  });
});

describe('normalisation', () => {
  it('is ImageNet by default and inverted by toPixels', async () => {
    expectClose(toNormalized(Float32Array.of(0.485, 0.456, 1)), [0, 0, 0.594 / 0.225]);
    const image = await dataset.image(3);
    const view = applyPlan(image, centrePlan(image), 16);
    expect([...toPixels(toNormalized(view))]).toEqual([...image.data]);
    expect([...toPixels([-9, 9], { mean: [0.5], std: [0.5] })]).toEqual([0, 255]);
  });

  it('refuses numbers that do not fit', () => {
    expect(() => toNormalized(new Float32Array(4))).toThrow(/4 values do not divide into 3/);
    expect(() => toPixels([0], { mean: [0], std: [0] })).toThrow(/std must be above 0/);
    expect(() => toPixels([0], { mean: [0], std: [1, 1] })).toThrow(/one number a channel/);
  });
});

describe('subset and cached', () => {
  it('keeps pictures, labels and names of the chosen', async () => {
    const some = subset(dataset, [13, 4]);
    expect(some.length).toBe(2);
    expect([...(some.labels ?? [])]).toEqual([3, 4]);
    expect(some.name(0)).toBe('triangle-13');
    expect(await some.image(1)).toEqual(await dataset.image(4));
    await expect(some.image(2)).rejects.toThrow(/\[0, 2\), got 2/);
    expect(() => subset(dataset, [23])).toThrow(/subset: index must be an integer in \[0, 23\)/);
  });

  it('decodes once while the budget lasts', async () => {
    const asked: number[] = [];
    const counting: Dataset = {
      ...dataset,
      image: (index) => {
        asked.push(index);
        return dataset.image(index);
      },
    };
    const quick = cached(counting, { bytes: 2 * 16 * 16 * 3 });
    for (const index of [0, 1, 0, 1, 2, 2]) {
      expect(await quick.image(index)).toEqual(await dataset.image(index));
    }
    expect(asked).toEqual([0, 1, 2, 2]);
  });
});
