import {
  expectInteger,
  expectKey,
  expectOptions,
  expectType,
  fold,
  type Key,
  uniform,
} from '@twocan/core';
import { meanRow, nearestRows, unitRows } from '@twocan/evaluate';
import { UMAP } from 'umap-js';
import { type Progress, silent } from '../progress.ts';

const NEIGHBOURS = 15;
/** Fewer images than neighbours and one have no neighbourhoods to keep. */
const FEWEST = NEIGHBOURS + 1;
const DRAWS = 2 ** 14; // made at a time

/**
 * Lays rows out in a plane so that near ones stay near: UMAP of the cosine between centred rows, which
 * is what k-NN uses.
 *
 * Neighbours are found exactly, so M² · D operations; some hundred rows take about a second.
 *
 * @param features `[M, D]`, row by row
 * @param options.rows M
 * @param options.key of where rows begin and which ones repel each other: equal keys give equal maps
 * @param options.progress called with how far the search for neighbours and the layout are
 * @returns one point for each row; none where there are 15 rows or fewer
 * @throws RangeError if rows are uneven or not finite
 * @example
 * const points = umapOf(features, { rows: 500, key: key(0) });
 *
 * McInnes et al., arXiv 1802.03426, with its 15 neighbours and a least distance of 0.1.
 */
export function umapOf(
  features: Float32Array,
  options: { readonly rows: number; readonly key: Key; readonly progress?: Progress },
): readonly (readonly [x: number, y: number])[] {
  expectType('umapOf', 'features', features, Float32Array);
  expectOptions('umapOf', 'options', options, ['rows', 'key'], ['progress']);
  const { rows, key, progress = silent } = options;
  expectInteger('umapOf', 'rows', rows, 0);
  expectKey('umapOf', 'key', key);
  expectType('umapOf', 'progress', progress, 'function');
  if (rows < FEWEST) return [];
  const unit = unitRows(features, { rows, centre: meanRow(features, { rows }) });
  const width = unit.length / rows;
  const units = Array.from({ length: rows }, (_, i) => unit.subarray(i * width, (i + 1) * width));
  const umap = new UMAP({ nNeighbors: NEIGHBOURS, minDist: 0.1, random: drawsOf(key) });
  const found = progress('map-neighbours');
  const near = units.map((own, i) => {
    found(i + 1, rows);
    return nearestRows(own, unit, { k: NEIGHBOURS - 1, except: i });
  });
  // Each row's first neighbour is itself.
  umap.setPrecomputedKNN(
    near.map((rows, i) => [i, ...rows.map(({ row }) => row)]),
    near.map((rows) => [0, ...rows.map(({ cosine }) => 1 - cosine)]),
  );
  const laid = progress('map-layout');
  const rounds = umap.initializeFit(units.map((row) => [...row]));
  for (let round = 1; round <= rounds; round++) laid(umap.step(), rounds);
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
