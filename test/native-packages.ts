import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Packed } from './install.ts';
import { type Manifest, ROOT, readManifest } from './workspace.ts';

const run = promisify(execFile);
const NATIVE = join(ROOT, 'packages/backend-native');
const SCRIPT = join(NATIVE, 'scripts/platforms.mjs');

/** Of a platform's package.json. */
export type PlatformManifest = Manifest & {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
  readonly main: string;
  readonly files: readonly string[];
  readonly scripts?: unknown;
};

/** Why no addon can be packed here; nothing where one can. */
export const NO_ADDON = readdirSync(NATIVE).some((name) => name.endsWith('.node'))
  ? undefined
  : 'no addon was built here';

/** The package.json of a release of `@twocan/backend-native`. */
export async function releaseManifest(): Promise<Manifest> {
  const { stdout } = await run(process.execPath, [SCRIPT, 'manifest']);
  return JSON.parse(stdout) as Manifest;
}

async function pack(folder: string, into: string): Promise<Packed> {
  const { stdout } = await run('npm', ['pack', folder, '--pack-destination', into]);
  const file = stdout.trim().split('\n').at(-1) ?? '';
  return { folder, manifest: readManifest(folder), tarball: join(into, file) };
}

/** `@twocan/backend-native` as a release has it, and the packages of the platforms that were built here. */
export async function packNative(
  into: string,
): Promise<{ readonly main: Packed; readonly platforms: readonly Packed[] }> {
  const [copy, folders] = [join(into, 'main'), join(into, 'npm')];
  mkdirSync(folders, { recursive: true });
  cpSync(join(NATIVE, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(NATIVE, 'README.md'), join(copy, 'README.md'));
  writeFileSync(join(copy, 'package.json'), JSON.stringify(await releaseManifest()));
  await run(process.execPath, [SCRIPT, 'packages', folders]);
  const platforms = readdirSync(folders).map((name) => pack(join(folders, name), into));
  return { main: await pack(copy, into), platforms: await Promise.all(platforms) };
}
