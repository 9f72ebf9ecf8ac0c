import type { Engine } from '../engine.ts';

/** Elements of a plain vector loop (about 0.25 ns each) that a ticket should have. */
const TICKET = 16_384;
/** Fewer are not worth waking a worker for. */
const LIGHT = 131_072;

/**
 * Runs a kernel over items, cut by the work that each of them is. Neither the cut nor the results
 * depend on the number of threads.
 *
 * @param work of one item, in elements of a plain vector loop
 * @param multiple cut at multiples of so many items
 */
export function runItems(
  engine: Engine,
  kernel: number,
  items: number,
  work: number,
  args: readonly number[],
  multiple = 1,
): void {
  const each = Math.max(1, Math.ceil(TICKET / work / multiple)) * multiple;
  engine.run(kernel, items, each, args, items * work < LIGHT);
}

/** The cut of `rows` into at most `most` blocks for partial sums: it follows from the shape alone. */
export function blockRows(rows: number, n: number, most = 16): number {
  return Math.max(1, Math.ceil(rows / Math.max(1, Math.min(most, Math.ceil((rows * n) / TICKET)))));
}

/** Calls `use` with room for so many bytes, which is given back. */
export function withRoom<T>(engine: Engine, bytes: number, use: (offset: number) => T): T {
  const offset = engine.heap.alloc(bytes);
  try {
    return use(offset);
  } finally {
    engine.heap.free(offset);
  }
}
