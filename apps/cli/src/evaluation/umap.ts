import { fold, type Key, uniform } from '@twocan/core';
import { UMAP } from 'umap-js';
import { progressOf } from '../terminal/progress.ts';

const NEIGHBOURS = 15;
/** Fewer images than neighbours and one have no neighbourhoods to keep. */
const FEWEST = NEIGHBOURS + 1;
const DRAWS = 2 ** 14; // made at a time

/**
 * Lays rows out in a plane so that near ones stay near: UMAP of the cosine between centred rows, which
 * is what k-NN judges by.
 *
 * Neighbours are found exactly, so M² · D operations; some hundred rows take about a second.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @param options.key of where rows begin and which ones repel each other: equal keys give equal maps
 * @returns one point for each row; none where there are 15 rows or fewer
 * @example
 * const points = umapOf(features, { rows: 500, key: key(0) });
 *
 * McInnes et al., arXiv 1802.03426, with its 15 neighbours and a least distance of 0.1.
 */
export function umapOf(
  features: Float32Array,
  { rows, key }: { readonly rows: number; readonly key: Key },
): readonly (readonly [x: number, y: number])[] {
  if (rows < FEWEST) return [];
  const units = centredUnits(features, rows);
  const umap = new UMAP({ nNeighbors: NEIGHBOURS, minDist: 0.1, random: drawsOf(key) });
  const finding = progressOf('finding neighbours for the map');
  const nearest = units.map((row, i) => {
    finding.count(i + 1, rows);
    return nearestOf(row, units);
  });
  umap.setPrecomputedKNN(
    nearest.map((found) => found.map(({ index }) => index)),
    nearest.map((found) => found.map(({ distance }) => distance)),
  );
  const laying = progressOf('laying out the map');
  const rounds = umap.initializeFit(units);
  for (let round = 1; round <= rounds; round++) laying.count(umap.step(), rounds);
  return umap.getEmbedding().map(([x = 0, y = 0]) => [x, y]);
}

/** Numbers in [0, 1), one a call. */
function drawsOf(key: Key): () => number {
  let [block, used] = [0, DRAWS];
  let draws: Float32Array = new Float32Array(0);
  return () => {
    if (used === DRAWS) {
      draws = uniform(fold(key, block++), DRAWS);
      used = 0;
    }
    return draws[used++] as number;
  };
}

function centredUnits(features: Float32Array, rows: number): number[][] {
  const width = features.length / rows;
  const mean = new Float64Array(width);
  features.forEach((x, i) => {
    mean[i % width] = (mean[i % width] as number) + x / rows;
  });
  return Array.from({ length: rows }, (_, r) => {
    const row = Array.from(mean, (m, d) => (features[r * width + d] as number) - m);
    const length = Math.hypot(...row);
    return length > 0 ? row.map((x) => x / length) : row;
  });
}

type Neighbour = { readonly index: number; readonly distance: number };

/** The nearest rows by 1 − cosine, the row itself first. */
function nearestOf(row: readonly number[], units: readonly number[][]): Neighbour[] {
  return units
    .map((other, index): Neighbour => {
      if (other === row) return { index, distance: -1 };
      let cosine = 0;
      for (let d = 0; d < row.length; d++) cosine += (row[d] as number) * (other[d] as number);
      return { index, distance: Math.max(0, 1 - cosine) };
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEIGHBOURS)
    .map(({ index, distance }) => ({ index, distance: Math.max(0, distance) }));
}
