import type { Product } from '@twocan/engine';
import type { ProductPlan } from './plan.ts';

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
function cutsOf({ m, n, k }: Product, threads: number) {
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

/** A plan but for where its memory lies, and that memory in words. */
type PlannedProduct = {
  readonly tasks: number;
  readonly ring: number;
  /** Sums of columns, a row for each block of k; 0 where they go to their place at once. */
  readonly partial: number;
  readonly depths: number;
  readonly counters: number;
  readonly planAt: (ring: number, partial: number, counters: number) => ProductPlan;
};

/**
 * Plans a product of at least one number.
 *
 * @param product what is multiplied
 * @param mostThreads how many there are
 * @returns tasks, memory and the plan
 */
export function planProduct(product: Product, mostThreads: number): PlannedProduct {
  const { transposeA, transposeB, m, n, k, factorA, factorB, sums } = product;
  const threads = 2 * m * n * k < WORTH_THREADS ? 1 : mostThreads;
  const cuts = cutsOf(product, threads);
  const { wide, depths, deep, groups, tiles, tickets } = cuts;
  const partial = sums === 0 || depths === 1 ? 0 : depths * n;
  return {
    tasks: threads === 1 ? 1 : tickets,
    ring: Math.min(groups, RING) * deep * upTo(wide, 8) * DEPTH,
    partial,
    depths,
    counters: 2 * groups + tiles,
    planAt: (ring, partialAt, counters) => ({
      transposeA: Number(transposeA),
      transposeB: Number(transposeB),
      m,
      n,
      k,
      a: product.a,
      lda: product.lda,
      b: product.b,
      ldb: product.ldb,
      c: product.c,
      ldc: product.ldc,
      bias: product.bias,
      derivative: product.derivative,
      factorA: factorA === 0 ? 0 : factorA - product.a,
      factorB: factorB === 0 ? 0 : factorB - product.b,
      sums: partial === 0 ? sums : partialAt,
      ring,
      counters,
      rows: cuts.rows,
      columns: cuts.columns,
      wide,
      slice: cuts.slice,
      groupsOfK: depths / deep,
      groupsOfN: (groups * deep) / depths,
      tickets,
      ticketsOfTask: threads === 1 ? tickets : 1,
      deep,
    }),
  };
}
