import { spawnSync } from 'node:child_process';

const PACKAGES =
  'Debian, Ubuntu: apt-get install build-essential python3-pip; Fedora: dnf install gcc-c++ make python3-pip';

/** The first line of the version text of a program; nothing where it is missing or fails. */
function version(command: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined;
}

/** What a build needs in addition to npm. */
export type Tools = {
  /** The Python that node-gyp runs, and pip. */
  readonly python: string;
  /** What was found, as text. */
  readonly about: string;
};

/**
 * Looks for what building needs.
 *
 * @param wanted.compiler whether something is compiled
 * @param wanted.pip whether pip is to fetch something
 * @returns the tools
 * @throws Error naming everything that is missing, and how to get it
 */
export function findTools(wanted: { readonly compiler: boolean; readonly pip: boolean }): Tools {
  const missing: string[] = [];
  const found: string[] = [];
  const look = (what: string, words: string | undefined): void => {
    if (words === undefined) missing.push(what);
    else found.push(words);
  };
  look('npm', prefixed('npm ', version('npm', '--version')));
  const python = ['python3', 'python'].find((name) => version(name, '--version')) ?? 'python3';
  if (wanted.compiler) {
    look('a C++ compiler (g++ or clang++)', version(process.env.CXX ?? 'c++', '--version'));
    look('make', version('make', '--version'));
  }
  if (wanted.compiler || wanted.pip) look('Python 3', version(python, '--version'));
  if (wanted.pip) {
    const words = version(python, '-m', 'pip', '--version');
    look(`pip (${python} -m pip)`, words?.split(' from ')[0]);
  }
  if (missing.length > 0) {
    throw new Error(`missing here: ${missing.join(', ')}\n  ${PACKAGES}`);
  }
  return { python, about: found.join(', ') };
}

const prefixed = (prefix: string, text: string | undefined): string | undefined =>
  text === undefined ? undefined : prefix + text;

/**
 * The `tensorflow` package that the machine's own Python would import, if it has one.
 *
 * @param python the interpreter
 * @returns its folder
 */
export function pythonsTensorFlow(python: string): string | undefined {
  const script =
    "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";
  return version(python, '-c', script) || undefined;
}
