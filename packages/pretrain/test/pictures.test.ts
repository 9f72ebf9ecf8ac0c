import { disposeTree, key } from '@twocan/core';
import { makeBatches } from '@twocan/data';
import {
  drawPictures,
  drawViews,
  freshParams,
  type PictureRow,
  picturesOf,
  type Settings,
} from '@twocan/pretrain';
import { describeBackends } from '@twocan/testkit';
import { expect, it } from 'vitest';
import { images, smallConfig } from './small.ts';

const dataset = images(3, 12);

async function rowsOf(settings: Settings): Promise<PictureRow[]> {
  const config = smallConfig(settings);
  const params = freshParams(config);
  const rows = await drawPictures(config, params, dataset, key(0));
  disposeTree(params);
  return rows;
}

const find = (rows: readonly PictureRow[], id: string) => rows.find((row) => row.id === id);

/** The patches of a picture of 8 x 8 pixels that are of one colour alone, by their number. */
function plainPatches(data: Uint8ClampedArray, colour: readonly number[]): number[] {
  return [0, 1, 2, 3].filter((patch) => {
    const [top, left] = [4 * Math.floor(patch / 2), 4 * (patch % 2)];
    return [0, 1, 2, 3].every((y) =>
      [0, 1, 2, 3].every((x) =>
        colour.every((value, c) => data[((top + y) * 8 + left + x) * 3 + c] === value),
      ),
    );
  });
}

describeBackends('pictures', () => {
  it('of every method have the rows that it can draw', async () => {
    const idsOf = async (settings: Settings) => (await rowsOf(settings)).map(({ id }) => id);
    const seen = ['original', 'input'];
    const noise = ['predicted-noise', 'added-noise'];
    expect(await idsOf({})).toEqual([...seen, 'reconstruction', ...noise]);
    expect(await idsOf({ method: 'mae' })).toEqual([...seen, 'reconstruction']);
    expect(await idsOf({ method: 'simclr' })).toEqual(seen);
  });

  it('are the images themselves first', async () => {
    const [original] = await rowsOf({});
    expect(original?.pictures).toHaveLength(8);
    for (const [i, { width, height, data }] of (original?.pictures ?? []).entries()) {
      const image = await dataset.image(Math.floor((i * 12) / 8));
      expect([width, height, [...data]]).toEqual([8, 8, [...image.data]]);
    }
  });

  it('of views that are given have the first view, then the second', async () => {
    const config = smallConfig();
    const params = freshParams(config);
    const batch = await makeBatches(dataset, { key: key(1), batch: 3, size: 8 })(0);
    const rows = await drawViews(config, params, batch.views, key(0));
    const [original] = rows;
    const expected = batch.views.flatMap((view) => picturesOf(view, config));
    expect(expected).toHaveLength(6);
    expect(original?.pictures).toEqual(expected);
    for (const { pictures } of rows) expect(pictures).toHaveLength(6);
    const short = [new Float32Array(192), new Float32Array(191)];
    await expect(drawViews(config, params, short, key(0))).rejects.toThrow(/same images of 8 x 8/);
    await expect(drawViews(config, params, [], key(0))).rejects.toThrow(/views.length must be/);
    disposeTree(params);
  });

  it('hide half of the patches in the mean colour, and predict no noise there', async () => {
    const rows = await rowsOf({ sigmaMax: 0.2 });
    const predicted = find(rows, 'predicted-noise');
    expect(predicted?.gain).toBeGreaterThanOrEqual(1);
    for (const [i, input] of (find(rows, 'input')?.pictures ?? []).entries()) {
      const hidden = plainPatches(input.data, [124, 116, 104]);
      expect(hidden).toHaveLength(2);
      const noise = predicted?.pictures[i]?.data ?? new Uint8ClampedArray(0);
      expect(plainPatches(noise, [128, 128, 128])).toEqual(hidden);
    }
  });
});
