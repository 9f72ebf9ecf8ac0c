import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Manifest, type Member, ROOT, readManifest } from './workspace.ts';

const run = promisify(execFile);
const LIMIT = { maxBuffer: 1 << 26, timeout: 240_000 };

/** A package as users get it. */
export type Packed = Member & { readonly tarball: string };

/** Runs a program of the repository's node_modules. */
export const runTool = (name: string, args: readonly string[]): Promise<{ stdout: string }> =>
  run(process.execPath, [join(ROOT, 'node_modules', name), ...args], { ...LIMIT, cwd: ROOT });

/** Runs a script and gives what it prints. */
export async function runScript(folder: string, script: string): Promise<string> {
  return (await run(process.execPath, [script], { ...LIMIT, cwd: folder })).stdout;
}

/** Runs the installed program, without anything in PATH, and gives what it prints. */
export async function runTwocan(folder: string, args: readonly string[]): Promise<string> {
  const bin = join(folder, 'node_modules/twocan/dist/bin.js');
  const env = { PATH: '', HOME: folder, TWOCAN_BACKENDS: 'no-such-file.json' };
  const { stdout, stderr } = await run(process.execPath, [bin, ...args], {
    ...LIMIT,
    cwd: folder,
    env,
  });
  return stdout + stderr;
}

/** Packs packages with one npm call; the order stays. */
export async function packAll(list: readonly Member[], into: string): Promise<readonly Packed[]> {
  mkdirSync(into, { recursive: true });
  const chosen = list.flatMap(({ folder }) => ['--workspace', folder]);
  await run('npm', ['pack', ...chosen, '--pack-destination', into], { ...LIMIT, cwd: ROOT });
  return list.map((member) => {
    const { name, version } = member.manifest;
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    return { ...member, tarball: join(into, file) };
  });
}

/** A package and all of ours that it needs, itself first. */
export function closure(name: string, packed: readonly Packed[]): readonly Packed[] {
  const found = new Map<string, Packed>();
  const visit = (wanted: string): void => {
    const own = packed.find(({ manifest }) => manifest.name === wanted);
    if (!own || found.has(wanted)) return;
    found.set(wanted, own);
    Object.keys(own.manifest.dependencies ?? {}).forEach(visit);
  };
  visit(name);
  return [...found.values()];
}

/**
 * Installs into a scratch folder: our packages from tarballs, the others from the registry.
 *
 * @param folder where to; made where it does not exist
 * @param ours the tarballs to install
 * @param others names and ranges of the rest
 * @param optional tarballs that npm leaves out where they do not fit this machine
 */
export async function install(
  folder: string,
  ours: readonly Packed[],
  others: Readonly<Record<string, string>>,
  optional: readonly Packed[] = [],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const tarballs = (list: readonly Packed[]) =>
    Object.fromEntries(list.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]));
  const project = {
    ...{ name: 'scratch', private: true, type: 'module' },
    dependencies: { ...others, ...tarballs(ours) },
    optionalDependencies: tarballs(optional),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...quiet], { ...LIMIT, cwd: folder });
}

/** Copies a project of `examples/` and installs its dependencies. */
export async function installExample(
  example: string,
  into: string,
  packed: readonly Packed[],
): Promise<Manifest> {
  cpSync(example, into, { recursive: true });
  const manifest = readManifest(example);
  const wanted = Object.entries(manifest.dependencies ?? {});
  const ours = new Set(wanted.flatMap(([name]) => closure(name, packed)));
  const others = wanted.filter(([name]) => !name.startsWith('@twocan/'));
  await install(into, [...ours], Object.fromEntries(others));
  return manifest;
}

/** The names of everything installed in a folder, nested copies as `parent > name`. */
export function installed(folder: string, parent = ''): readonly string[] {
  const root = join(folder, 'node_modules');
  if (!existsSync(root)) return [];
  const names = readdirSync(root)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(root, name)).map((own) => `${name}/${own}`) : [name],
    );
  return names
    .flatMap((name) => [`${parent}${name}`, ...installed(join(root, name), `${parent}${name} > `)])
    .sort();
}

/** What names need, theirs included, by the package.json files that were installed. */
export function reached(folder: string, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const own = join(folder, 'node_modules', name);
    if (found.has(name) || !existsSync(own)) return;
    found.add(name);
    Object.keys(readManifest(own).dependencies ?? {}).forEach(visit);
  };
  names.forEach(visit);
  return [...found].sort();
}
