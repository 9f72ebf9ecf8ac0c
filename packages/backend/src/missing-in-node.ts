import { builtin } from './builtin.ts';

/**
 * Gives Node back what `@tensorflow/tfjs-node` 4.22 calls and Node 23 took away: the functions
 * `util.isNullOrUndefined` and `util.isArray`, of which it makes one or two calls in every operation.
 *
 * Nothing is changed where they are still there, and nothing in tfjs-node itself.
 *
 * tensorflow/tfjs#8609; nodejs.org/api/deprecations.html, DEP0044 and DEP0051.
 */
export function restoreUtil(): void {
  const util = builtin<Record<string, unknown>>('node:util');
  if (util === undefined) return;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
