import { key, normal } from '@twocan/core';
import { expect, test } from 'vitest';
import { umapOf } from '../src/map/umap.ts';

const [CLUSTERS, EACH, WIDTH] = [3, 20, 8];
const ROWS = CLUSTERS * EACH;

/** Three clouds around three axes: row i belongs to cloud i mod 3. */
const clouds = (spread: number): Float32Array =>
  normal(key(1), ROWS * WIDTH).map((x, i) => {
    const [row, column] = [Math.floor(i / WIDTH), i % WIDTH];
    return spread * x + (column === row % CLUSTERS ? 1 : 0);
  });

test('clouds that lie apart lie apart on the map', () => {
  const points = umapOf(clouds(0.05), { rows: ROWS, key: key(0) });
  expect(points).toHaveLength(ROWS);
  const distance = (i: number, j: number): number =>
    Math.hypot(
      (points[i]?.[0] ?? 0) - (points[j]?.[0] ?? 0),
      (points[i]?.[1] ?? 0) - (points[j]?.[1] ?? 0),
    );
  points.forEach((_, i) => {
    const others = points.map((__, j) => j).filter((j) => j !== i);
    const nearest = others.toSorted((a, b) => distance(i, a) - distance(i, b)).slice(0, 5);
    expect(nearest.map((j) => j % CLUSTERS)).toEqual(new Array(5).fill(i % CLUSTERS));
  });
});

test('the key alone decides', () => {
  const map = (seed: number) => umapOf(clouds(0.3), { rows: ROWS, key: key(seed) });
  expect(map(4)).toEqual(map(4));
  expect(map(4)).not.toEqual(map(5));
});

test('features that have collapsed to a point have a map of finite places', () => {
  const points = umapOf(new Float32Array(20 * WIDTH).fill(3), { rows: 20, key: key(0) });
  expect(points.flat().every(Number.isFinite)).toBe(true);
});

test('a handful of images has none', () => {
  expect(umapOf(new Float32Array(15 * WIDTH), { rows: 15, key: key(0) })).toEqual([]);
});
