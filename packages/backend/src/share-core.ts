/**
 * Lets a backend's CommonJS files work with this process's tfjs-core where they ask for the union
 * package or for a copy of their own.
 *
 * @param module Node's
 * @param bring the `require` of the backend's folder
 * @param specifiers what is answered with this process's tfjs-core
 */
export function shareCore(
  module: typeof import('node:module'),
  bring: NodeJS.Require,
  specifiers: readonly string[],
): void {
  const own = module.createRequire(import.meta.url);
  const core = own('@tensorflow/tfjs-core');
  for (const specifier of specifiers) {
    const file = bring.resolve(specifier);
    if (bring.cache[file] !== undefined) continue;
    bring.cache[file] = Object.assign(new module.Module(file), { exports: core, loaded: true });
  }
}
