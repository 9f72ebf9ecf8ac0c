import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { setUpNames } from '@twocan/backend';
import { MADE_BY } from './places.ts';
import { stepError } from './step-error.ts';
import type { Steps } from './steps.ts';

/** The TensorFlow that pip installs: the version this was tested with. */
export const TENSORFLOW_VERSION = '2.21.0';
// No Python code of it is run, so any interpreter's wheel will do; pip needs no matching one.
const WHEEL_PYTHON = '3.12';

/** A backend that can be set up. */
export type SetUpName = (typeof setUpNames)[number];

type Ranges = Readonly<Record<string, string>>;
type Manifest = { readonly dependencies: Ranges; readonly overrides?: Ranges };

/** What npm installs for each backend. */
export const MANIFESTS: Readonly<Record<SetUpName, Manifest>> = {
  node: tensorflowManifest('@tensorflow/tfjs-node'),
  'node-gpu': tensorflowManifest('@tensorflow/tfjs-node-gpu'),
  webgpu: {
    dependencies: {
      '@tensorflow/tfjs-backend-webgpu': '4.22.0',
      '@tensorflow/tfjs-core': '4.22.0',
      webgpu: '^0.6.2',
    },
  },
};

/** The union package, 250 MB of what nothing here uses, is left out: its place is never looked at. */
function tensorflowManifest(name: string): Manifest {
  return {
    dependencies: { [name]: '4.22.0', '@tensorflow/tfjs-core': '4.22.0' },
    overrides: { '@tensorflow/tfjs': 'npm:@tensorflow/tfjs-core@4.22.0' },
  };
}

/**
 * Installs a backend's npm packages into its folder, without running their scripts.
 *
 * @returns the outcome, as text
 * @throws Error saying why npm could not
 */
export async function installPackages(
  steps: Steps,
  folder: string,
  name: keyof typeof MANIFESTS,
): Promise<string> {
  const text = `${JSON.stringify(
    { name: `twocan-${name}`, private: true, description: MADE_BY, ...MANIFESTS[name] },
    null,
    2,
  )}\n`;
  const manifest = join(folder, 'package.json');
  // npm writes this file last.
  const finished = join(folder, 'node_modules', '.package-lock.json');
  const known = existsSync(manifest) && readFileSync(manifest, 'utf8') === text;
  if (known && existsSync(finished)) return 'already there';
  writeFileSync(manifest, text);
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await steps.run({ command: 'npm', args, cwd: folder });
  if (code !== 0) throw stepError('npm could not install them', output, folder);
  return 'installed';
}

/**
 * Lets pip fetch TensorFlow into a folder of its own. No environment is needed: only the libraries and
 * headers are used.
 *
 * @param python the interpreter whose pip it is
 * @param gpu whether CUDA's libraries come with it
 * @returns the folder, complete: an unfinished download is elsewhere
 * @throws Error saying why pip could not
 */
export async function fetchTensorFlow(
  steps: Steps,
  folder: string,
  python: string,
  gpu: boolean,
): Promise<{ readonly site: string; readonly words: string }> {
  const site = join(folder, 'python');
  if (existsSync(site)) return { site, words: 'already there' };
  const [partial, temporary] = [join(folder, 'python.partial'), join(folder, 'temporary')];
  for (const place of [partial, temporary]) rmSync(place, { recursive: true, force: true });
  mkdirSync(temporary);
  const { code, output } = await steps.run({
    command: python,
    args: [
      ...['-m', 'pip', 'install', '--target', partial, '--python-version', WHEEL_PYTHON],
      ...['--only-binary=:all:', '--no-input', '--disable-pip-version-check'],
      ...(gpu ? [] : ['--no-deps']),
      wheel(gpu),
    ],
    cwd: folder,
    // pip unpacks there: on the same disk, moving is free.
    env: { TMPDIR: temporary },
  });
  rmSync(temporary, { recursive: true, force: true });
  if (code !== 0) throw stepError(`pip could not fetch ${wheel(gpu)}`, output, folder);
  renameSync(partial, site);
  return { site, words: 'fetched' };
}

/** The package for pip; `tensorflow-cpu` exists for x64 alone, and `tensorflow` is the same elsewhere. */
export function wheel(gpu: boolean): string {
  const name = gpu
    ? 'tensorflow[and-cuda]'
    : process.arch === 'x64'
      ? 'tensorflow-cpu'
      : 'tensorflow';
  return `${name}==${TENSORFLOW_VERSION}`;
}
