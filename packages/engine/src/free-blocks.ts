const SMALLEST = 64;

/** Blocks begin and end at multiples of the smallest. */
export const roundUp = (bytes: number): number =>
  Math.max(1, Math.ceil(bytes / SMALLEST)) * SMALLEST;

/** Blocks that are free, in the order of the memory; no two of them touch inside a segment. */
export type FreeBlocks = { readonly starts: number[]; readonly sizes: number[] };

/** The index of the first free block that begins at or after an offset. */
function indexFrom({ starts }: FreeBlocks, offset: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest free block that is large enough, the first of equals; or -1. */
export function bestFit({ sizes }: FreeBlocks, size: number): number {
  let best = -1;
  for (let i = 0; i < sizes.length; i++) {
    const here = sizes[i] as number;
    if (here === size) return i;
    if (here > size && (best < 0 || here < (sizes[best] as number))) best = i;
  }
  return best;
}

/** Cuts a block from the front of a free one. */
export function take(free: FreeBlocks, index: number, size: number): number {
  const start = free.starts[index] as number;
  if (free.sizes[index] === size) {
    free.starts.splice(index, 1);
    free.sizes.splice(index, 1);
  } else {
    free.starts[index] = start + size;
    (free.sizes[index] as number) -= size;
  }
  return start;
}

/** Puts a block back and joins it with its neighbours, but not across the end of a segment. */
export function giveBack(free: FreeBlocks, start: number, size: number, segment: number): void {
  const { starts, sizes } = free;
  const next = indexFrom(free, start);
  const before = next - 1;
  const end = start + size;
  const joinsBefore =
    start % segment !== 0 &&
    before >= 0 &&
    (starts[before] as number) + (sizes[before] as number) === start;
  const joinsNext = end % segment !== 0 && starts[next] === end;
  const length = size + (joinsNext ? (sizes[next] as number) : 0);
  if (joinsBefore) {
    (sizes[before] as number) += length;
    if (joinsNext) take(free, next, sizes[next] as number);
  } else if (joinsNext) {
    starts[next] = start;
    sizes[next] = length;
  } else {
    starts.splice(next, 0, start);
    sizes.splice(next, 0, size);
  }
}
