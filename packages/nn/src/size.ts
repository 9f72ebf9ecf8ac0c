/** Checks that a size in a config is a positive integer, and gives it back. */
export function expectSize(caller: string, name: string, size: number): number {
  if (Number.isInteger(size) && size > 0) return size;
  throw new RangeError(`${caller}: ${name} must be a positive integer, got ${size}`);
}
