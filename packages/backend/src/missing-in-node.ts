import { builtin } from './builtin.ts';

/**
 * Gives Node back what `@tensorflow/tfjs-node` 4.22 calls in every operation: `util.isNullOrUndefined`,
 * which Node 23 took away, and `util.isArray`, which warns since Node 22 and is to go as well.
 *
 * Both do what they always did, and nothing in tfjs-node itself is touched.
 *
 * tensorflow/tfjs#8609; nodejs.org/api/deprecations.html, DEP0044 and DEP0051.
 */
export function restoreUtil(): void {
  const util = builtin<Record<string, unknown>>('node:util');
  if (util === undefined) return;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}
