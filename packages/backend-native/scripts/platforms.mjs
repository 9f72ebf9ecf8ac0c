// The platforms that get a prebuilt addon, each in a package of its own.
//   node scripts/platforms.mjs packages DIR   writes DIR/NAME/ for each addon that was built; with --all every one must be
//   node scripts/platforms.mjs manifest       prints the package.json of a release, which needs all of them
// The package.json of a checkout names none: npm would look for packages that no registry has yet, and write
// into the lockfile which of them this machine needs.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Names as Node has them, and what Rust calls them. */
const PLATFORMS = [
  { name: 'linux-x64-gnu', triple: 'x86_64-unknown-linux-gnu' },
  { name: 'linux-x64-musl', triple: 'x86_64-unknown-linux-musl' },
  { name: 'linux-arm64-gnu', triple: 'aarch64-unknown-linux-gnu' },
  { name: 'linux-arm64-musl', triple: 'aarch64-unknown-linux-musl' },
  { name: 'darwin-arm64', triple: 'aarch64-apple-darwin' },
  { name: 'darwin-x64', triple: 'x86_64-apple-darwin' },
  { name: 'win32-x64-msvc', triple: 'x86_64-pc-windows-msvc' },
];

const LIBRARIES = { gnu: 'glibc', musl: 'musl' };

/** The addon's file: in a checkout beside package.json, in a package of its own alone. */
export const addonOf = (name) => `twocan-native.${name}.node`;

/** The platform that Rust calls so; undefined for one that gets no package. */
export const platformOf = (triple) => PLATFORMS.find((platform) => platform.triple === triple);

/** The package.json of a platform's package, of the same version as the package that needs it. */
function manifestOf({ name }, main) {
  const [os, cpu, library] = name.split('-');
  return {
    name: `${main.name}-${name}`,
    version: main.version,
    description: `The addon of ${main.name} for ${name}.`,
    license: main.license,
    repository: main.repository,
    engines: main.engines,
    os: [os],
    cpu: [cpu],
    ...(LIBRARIES[library] ? { libc: [LIBRARIES[library]] } : {}),
    main: addonOf(name),
    files: [addonOf(name)],
    publishConfig: main.publishConfig,
  };
}

/** The package.json of a release: npm installs the addon that fits, and goes on where none does. */
function releaseOf(main) {
  const names = PLATFORMS.map((platform) => manifestOf(platform, main).name);
  const prebuilt = Object.fromEntries(names.map((name) => [name, main.version]));
  return { ...main, optionalDependencies: prebuilt };
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

function writePackage(platform, main, into) {
  const folder = join(into, platform.name);
  const manifest = manifestOf(platform, main);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), json(manifest));
  writeFileSync(join(folder, 'README.md'), `# ${manifest.name}\n\n${manifest.description}\n`);
  copyFileSync(join(ROOT, '../../LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(ROOT, manifest.main), join(folder, manifest.main));
}

function run([task, into, all]) {
  const main = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const isBuilt = ({ name }) => existsSync(join(ROOT, addonOf(name)));
  if (task === 'manifest') return process.stdout.write(json(releaseOf(main)));
  if (task !== 'packages' || into === undefined)
    throw new Error('needs `packages DIR` or `manifest`');
  const missing = PLATFORMS.filter((platform) => !isBuilt(platform));
  if (all === '--all' && missing.length > 0) {
    throw new Error(`${missing.map(({ name }) => addonOf(name)).join(', ')} must be in ${ROOT}`);
  }
  for (const platform of PLATFORMS.filter(isBuilt)) writePackage(platform, main, into);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    run(process.argv.slice(2));
  } catch (cause) {
    console.error(`platforms.mjs: ${cause.message}`);
    process.exitCode = 1;
  }
}
