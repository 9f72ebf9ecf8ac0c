/**
 * A module of Node's own, or nothing elsewhere. Not an `import`: bundlers for browsers would stumble
 * over it.
 *
 * @param name such as `node:fs`
 */
export function builtin<T>(name: string): T | undefined {
  return typeof process === 'undefined'
    ? undefined
    : (process.getBuiltinModule?.(name) as T | undefined);
}
