import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usageError } from '../terminal/failure.ts';

/** A TensorFlow that an addon can be built against. */
export type TensorFlowLibrary = {
  /** Holds `tensorflow/c/c_api.h`. */
  readonly include: string;
  /** Holds the libraries. */
  readonly lib: string;
  /** The names that the linker looks for, and their files. */
  readonly links: Readonly<Record<string, string>>;
  readonly version: string;
};

const HEADER = 'tensorflow/c/c_api.h';
// A wheel has the whole C interface inside its C++ library.
const WHEEL = { cc: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };

/** The places inside a folder where a Python package `tensorflow` may be. */
function candidates(folder: string): string[] {
  const lib = join(folder, 'lib');
  const pythons = existsSync(lib) ? readdirSync(lib).filter((n) => n.startsWith('python3')) : [];
  return [
    folder,
    join(folder, 'tensorflow'),
    ...pythons.map((name) => join(lib, name, 'site-packages', 'tensorflow')),
  ];
}

/**
 * Finds TensorFlow in a folder.
 *
 * @param folder a wheel's `tensorflow` folder, a site-packages, a virtual environment, or an unpacked
 *   libtensorflow
 * @returns its parts; nothing where there is none
 */
export function findLibrary(folder: string): TensorFlowLibrary | undefined {
  for (const place of candidates(folder)) {
    const include = join(place, 'include');
    if (!existsSync(join(include, HEADER))) continue;
    if (existsSync(join(place, WHEEL.cc))) {
      const links = {
        'libtensorflow.so': WHEEL.cc,
        'libtensorflow_framework.so': WHEEL.framework,
      };
      return { include, lib: realpathSync(place), links, version: wheelVersion(place) };
    }
    const lib = join(place, 'lib');
    if (existsSync(join(lib, 'libtensorflow.so'))) {
      return { include, lib: realpathSync(lib), links: {}, version: 'libtensorflow' };
    }
  }
  return undefined;
}

/** The version of the wheel that a package came from. */
function wheelVersion(place: string): string {
  const site = dirname(place);
  const info = readdirSync(site).find((name) => /^tensorflow(_cpu)?-[\d.]+\.dist-info$/.test(name));
  const metadata = info === undefined ? '' : readFileSync(join(site, info, 'METADATA'), 'utf8');
  return /^Version: (.+)$/m.exec(metadata)?.[1] ?? 'of unknown version';
}

/**
 * The TensorFlow of `--tensorflow`.
 *
 * @throws Failure (exit code 2) saying what was looked for
 */
export function givenLibrary(folder: string): TensorFlowLibrary {
  const found = findLibrary(folder);
  if (found !== undefined) return found;
  throw usageError(
    `--tensorflow ${folder} has no TensorFlow; looked for include/${HEADER} next to ${WHEEL.cc} ` +
      '(of a Python environment) or lib/libtensorflow.so (of libtensorflow)',
  );
}
