import type { SimdBackend } from '../backend.ts';
import { bits, TASK } from './tasks.ts';

/** One product of matrices in the memory; strides in elements. */
export type Product = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** `[n]`, or 0. */
  readonly bias?: number;
  /** Where the derivative of a GELU goes, which then follows; or 0. */
  readonly derivative?: number;
  /** A matrix that A (not transposed) is multiplied with, elementwise, on its way; or 0. */
  readonly factorA?: number;
  /** The same for B; only with `sums`. */
  readonly factorB?: number;
  /** Where the sums of B's columns go, `[n]`, for B that is not transposed; or 0. */
  readonly sums?: number;
};

const WORTH_THREADS = 200_000; // multiplications and additions
const MOST_ROWS = 120; // of a tile: what the kernels have scratch for
const ROWS = 12; // tiles are multiples of the kernels' own, of 4 or 6 rows
const MOST_COLUMNS = 1024; // of a block of B
const DEPTH = 384; // of a block
const MOST_DEEP = 3; // blocks of k that one group takes
const RING = 3; // groups of blocks in the memory at once

/** Enough to even out when one thread is held up. */
const TILES_A_THREAD = 4;

const upTo = (size: number, multiple: number): number => multiple * Math.ceil(size / multiple);

/** How a product is cut into groups of blocks of B, their slices, and tiles of C; no cut changes a bit. */
function planOf({ m, n, k }: Product, threads: number) {
  const wide = Math.min(n, MOST_COLUMNS);
  const wanted = TILES_A_THREAD * threads;
  const rows = Math.min(MOST_ROWS, upTo(Math.ceil(m / wanted), ROWS));
  const down = Math.ceil(m / rows);
  const columns = upTo(Math.ceil(wide / Math.ceil(wanted / down)), 8);
  const slice = threads === 1 ? upTo(wide, 8) : upTo(Math.ceil(wide / wanted), 32);
  const depths = Math.max(1, Math.ceil(k / DEPTH));
  // Few blocks of k are taken together, so that rows of A are read whole and tiles of C stay in the cache.
  const deep = depths <= MOST_DEEP ? depths : 1;
  const groups = (depths / deep) * Math.ceil(n / wide);
  const tiles = down * Math.ceil(wide / columns);
  const tickets = groups * (Math.ceil(wide / slice) + tiles);
  return { wide, rows, columns, slice, depths, deep, groups, tiles, tickets };
}

/** C = A·B by all threads. */
export function multiply(backend: SimdBackend, product: Product): void {
  const { transposeA, transposeB, m, n, k, a, b, c } = product;
  const { bias = 0, derivative = 0, factorA = 0, factorB = 0, sums = 0 } = product;
  if (m * n === 0) return;
  const { engine } = backend;
  const small = 2 * m * n * k < WORTH_THREADS;
  const threads = small ? 1 : engine.report.threads;
  const { wide, rows, columns, slice, depths, deep, groups, tiles, tickets } = planOf(
    product,
    threads,
  );
  const ring = Math.min(groups, RING) * deep * upTo(wide, 8) * DEPTH;
  const counters = 2 * groups + tiles;
  const partial = sums === 0 || depths === 1 ? 0 : depths * n;
  backend.temporary(4 * (ring + partial + counters), (at) => {
    const partialAt = at + 4 * ring;
    const countersAt = partialAt + 4 * partial;
    new Int32Array(engine.memory.buffer, countersAt, counters).fill(0);
    const words = [
      ...[Number(transposeA), Number(transposeB), m, n, k],
      ...[a, transposeA ? m : k, b, transposeB ? k : n, c, n, bias, derivative],
      ...[factorA === 0 ? 0 : factorA - a, factorB === 0 ? 0 : factorB - b],
      ...[partial === 0 ? sums : partialAt, at, countersAt],
      ...[rows, columns, wide, slice, depths / deep, (groups * deep) / depths],
      ...[tickets, threads === 1 ? tickets : 1, deep],
    ];
    engine.run(TASK.product, words, threads === 1 ? 1 : tickets);
    if (partial === 0) return;
    engine.run(TASK.reduceColumns, [1, 1, 0, partialAt, sums, depths, n, bits(1)], 1);
  });
}
