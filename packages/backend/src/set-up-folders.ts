import { expectOptions, expectType } from '@twocan/core';
import { builtin } from './builtin.ts';

/** A backend that was set up on this machine. */
export type SetUp = {
  /** The folder whose `node_modules` holds the backend's packages. */
  readonly folder: string;
  /** What is installed there, as text, such as `TensorFlow 2.21.0 from pip`. */
  readonly about: string;
};

/** The backends that can be set up, by name. */
export type SetUps = Readonly<Record<string, SetUp>>;

/**
 * The file that remembers which backends were set up where: `TWOCAN_BACKENDS`, or
 * `twocan/backends.json` in the user's folder of settings (XDG; `APPDATA` on Windows).
 *
 * @returns its path, or nothing outside of Node
 */
export function setUpFile(): string | undefined {
  const [os, path] = [
    builtin<typeof import('node:os')>('node:os'),
    builtin<typeof import('node:path')>('node:path'),
  ];
  if (os === undefined || path === undefined) return undefined;
  const { TWOCAN_BACKENDS, XDG_CONFIG_HOME, APPDATA } = process.env;
  if (TWOCAN_BACKENDS) return path.resolve(TWOCAN_BACKENDS);
  const settings = XDG_CONFIG_HOME || APPDATA || path.join(os.homedir(), '.config');
  return path.join(settings, 'twocan', 'backends.json');
}

/**
 * What was set up on this machine.
 *
 * @returns folders by backend; none outside of Node, and where the file is missing
 * @throws Error if the file is there and holds something else
 * @example
 * setUps().node?.folder;
 */
export function setUps(): SetUps {
  const [file, fs] = [setUpFile(), builtin<typeof import('node:fs')>('node:fs')];
  if (file === undefined || fs === undefined || !fs.existsSync(file)) return {};
  const refuse = (why: string): Error =>
    new Error(`setUps: ${file} ${why}; remove it, and set up your backends again`);
  let found: unknown;
  try {
    found = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (cause) {
    throw refuse(`cannot be read (${(cause as Error).message})`);
  }
  const entries = found === null || typeof found !== 'object' ? [undefined] : Object.values(found);
  if (!entries.every((entry) => typeof entry?.folder === 'string')) {
    throw refuse('does not name one folder for each backend');
  }
  return found as SetUps;
}

/**
 * Remembers a backend, so that `chooseBackend` finds it from now on.
 *
 * @param name the backend
 * @param setUp where it is
 * @example
 * rememberSetUp('node', { folder: '/home/me/backends/node', about: 'TensorFlow 2.21.0' });
 */
export function rememberSetUp(name: string, setUp: SetUp): void {
  expectType('rememberSetUp', 'name', name, 'string');
  expectOptions('rememberSetUp', 'setUp', setUp, ['folder', 'about'], []);
  expectType('rememberSetUp', 'setUp.folder', setUp.folder, 'string');
  expectType('rememberSetUp', 'setUp.about', setUp.about, 'string');
  const [file, fs, path] = [
    setUpFile(),
    builtin<typeof import('node:fs')>('node:fs'),
    builtin<typeof import('node:path')>('node:path'),
  ];
  if (file === undefined || fs === undefined || path === undefined) return;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const text = `${JSON.stringify({ ...setUps(), [name]: setUp }, null, 2)}\n`;
  // Whole or not at all: another process may be reading.
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

/**
 * Where a package of a backend is found: in the folder that was set up for it, or next to this package.
 *
 * @param backend the backend that needs it
 * @param specifier the package, or a file in it, such as `@tensorflow/tfjs-node/package.json`
 * @returns the path of the file; nothing where there is none
 * @example
 * findPackage('webgpu', 'webgpu'); // to be imported as a file URL
 */
export function findPackage(backend: string, specifier: string): string | undefined {
  expectType('findPackage', 'backend', backend, 'string');
  expectType('findPackage', 'specifier', specifier, 'string');
  const [module, path] = [
    builtin<typeof import('node:module')>('node:module'),
    builtin<typeof import('node:path')>('node:path'),
  ];
  if (module === undefined || path === undefined) return undefined;
  const folder = setUps()[backend]?.folder;
  const places = [...(folder ? [path.join(folder, 'package.json')] : []), import.meta.url];
  for (const place of places) {
    try {
      return module.createRequire(place).resolve(specifier);
    } catch {
      // The next place.
    }
  }
  return undefined;
}
