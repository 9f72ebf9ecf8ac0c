// Compiles rust/ to the addon twocan-native.PLATFORM.node, where Rust is. Does nothing when that is up to date.
//   node scripts/build-addon.mjs [--target TRIPLE[.GLIBC]] [--with zigbuild]
// TWOCAN_SKIP_NATIVE=1 leaves it out.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addonOf, platformOf, ROOT } from './platforms.mjs';

const rust = join(ROOT, 'rust');

function end(code, line) {
  (code === 0 ? console.log : console.error)(`backend-native: ${line}`);
  process.exit(code);
}

/** The platform that rustc compiles for, unless told otherwise; undefined where there is no Rust. */
function hostTriple() {
  const { stdout, status } = spawnSync('rustc', ['-vV'], { cwd: rust, encoding: 'utf8' });
  return status === 0 ? /^host: (.*)$/m.exec(stdout)?.[1] : undefined;
}

/** What the addon is made of, and how. */
function digestOf(how) {
  const files = readdirSync(rust, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(rust, 'target')))
    .sort();
  const digest = createHash('sha256').update(how);
  for (const file of files) digest.update(file.slice(rust.length)).update(readFileSync(file));
  return digest.digest('hex');
}

const { values: options } = parseArgs({
  options: { target: { type: 'string' }, with: { type: 'string', default: 'build' } },
});
if (process.env.TWOCAN_SKIP_NATIVE) end(0, 'the addon is not built: TWOCAN_SKIP_NATIVE is set');
const host = hostTriple();
if (host === undefined || spawnSync('cargo', ['--version']).status !== 0) {
  end(
    0,
    'the addon is not built: there is no Rust here (https://rustup.rs); all else works without',
  );
}
const target = options.target ?? host;
// cargo-zigbuild takes the oldest glibc that shall do after the triple.
const [triple] = target.split('.');
const platform = platformOf(triple);
if (platform === undefined) end(0, `the addon is not built: ${triple} is no platform of it`);

const addon = join(ROOT, addonOf(platform.name));
const stamp = join(rust, 'target', `${addonOf(platform.name)}.sha256`);
const sources = digestOf(`${target} ${options.with}`);
// With the addon's own, so that a damaged one is built again.
const stampOf = () =>
  `${sources} ${createHash('sha256').update(readFileSync(addon)).digest('hex')}`;
const isFresh = existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf();
if (isFresh) process.exit(0);

const goal = options.target === undefined ? [] : ['--target', target];
const place = ['--target-dir', join(rust, 'target')];
const args = [options.with, '--release', '--locked', '--lib', ...goal, ...place];
const { status } = spawnSync('cargo', args, { cwd: rust, stdio: 'inherit' });
if (status !== 0) {
  end(1, `cargo ${args[0]} failed; TWOCAN_SKIP_NATIVE=1 builds everything else`);
}
const folder = join(rust, 'target', ...(options.target === undefined ? [] : [triple]), 'release');
const made = ['libtwocan_native.so', 'libtwocan_native.dylib', 'twocan_native.dll']
  .map((name) => join(folder, name))
  .find(existsSync);
if (made === undefined) end(1, `cargo built no library in ${folder}`);
// Never written over: a process may be running the old one.
copyFileSync(made, `${addon}.new`);
renameSync(`${addon}.new`, addon);
writeFileSync(stamp, stampOf());
