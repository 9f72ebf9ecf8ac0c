import { existsSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '@twocan/checkpoint/node';
import { stepError } from './step-error.ts';
import type { Steps } from './steps.ts';
import type { TensorFlowLibrary } from './tensorflow-library.ts';

/** The addon of a package, if it was built. */
export function builtAddon(packageFolder: string): string | undefined {
  const lib = join(packageFolder, 'lib');
  if (!existsSync(lib)) return undefined;
  return readdirSync(lib)
    .map((name) => join(lib, name, 'tfjs_binding.node'))
    .findLast((path) => existsSync(path));
}

/**
 * Builds the addon that was published with tfjs-node, unchanged, against a TensorFlow.
 *
 * @param packageFolder of `@tensorflow/tfjs-node` or `-gpu`
 * @param library what it links
 * @returns the outcome, as text
 * @throws Error with the compiler's output
 */
export async function buildAddon(
  steps: Steps,
  folder: string,
  packageFolder: string,
  library: TensorFlowLibrary,
): Promise<string> {
  const deps = join(packageFolder, 'deps');
  const lib = join(deps, 'lib');
  const isLinked = existsSync(lib) && realpathSync(lib) === library.lib;
  if (isLinked && builtAddon(packageFolder)) return 'already there';
  for (const place of [deps, join(packageFolder, 'lib')]) {
    rmSync(place, { recursive: true, force: true });
  }
  makeFolder(lib);
  symlinkSync(library.include, join(deps, 'include'));
  for (const name of readdirSync(library.lib).filter((file) => /^libtensorflow.*\.so/.test(file))) {
    symlinkSync(join(library.lib, name), join(lib, name));
  }
  for (const [name, target] of Object.entries(library.links)) symlinkSync(target, join(lib, name));
  const { code, output } = await steps.run({
    command: 'npx',
    args: ['--no', 'node-pre-gyp', 'install', '--build-from-source', ...ownHeaders()],
    cwd: packageFolder,
  });
  if (code !== 0 || builtAddon(packageFolder) === undefined) {
    throw stepError('the addon could not be built', output, folder);
  }
  // TensorFlow finds CUDA's libraries by their path relative to its own: the addon must load it from there.
  rmSync(lib, { recursive: true });
  symlinkSync(library.lib, lib);
  return 'built';
}

/** Node's headers, where they were installed with it: nothing needs to be downloaded then. */
function ownHeaders(): string[] {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const header = join(prefix, 'include', 'node', 'node_api.h');
  return existsSync(header) ? [`--nodedir=${prefix}`] : [];
}

/**
 * Lets the package fetch its own TensorFlow, as its installation would.
 *
 * @returns the outcome, as text
 * @throws Error with its output
 */
export async function downloadAddon(
  steps: Steps,
  folder: string,
  packageFolder: string,
): Promise<string> {
  if (builtAddon(packageFolder)) return 'already there';
  const { code, output } = await steps.run({
    command: 'npm',
    args: ['run', 'install'],
    cwd: packageFolder,
  });
  if (code !== 0 || builtAddon(packageFolder) === undefined) {
    const what = "the package's own download failed; without --classic it is built here";
    throw stepError(what, output, folder);
  }
  return 'downloaded';
}
