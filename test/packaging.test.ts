import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawPhotos } from '../apps/cli/test/cli.ts';
import {
  closure,
  install,
  installExample,
  installed,
  type Packed,
  packAll,
  reached,
  runScript,
  runTool,
  runTwocan,
} from './install.ts';
import { NO_ADDON, type PlatformManifest, packNative, releaseManifest } from './native-packages.ts';
import { type Example, firstExample } from './readme.ts';
import { members, ROOT, readManifest } from './workspace.ts';

// What users get: tarballs of the built packages, in folders that know nothing of this workspace.
const published = members().filter(({ manifest }) => !manifest.private);
const names = published.map(({ manifest }) => manifest.name);
const ALONE = [
  ...['@twocan/contrastive', '@twocan/masking', '@twocan/noise', '@twocan/vit'],
  ...['@twocan/reconstruction', '@twocan/denoising', '@twocan/trainer'],
];
const ENGINE = '@tensorflow/tfjs-core';
const CPU = '@tensorflow/tfjs-backend-cpu';
const TIMEOUT = 300_000;

const scratch = mkdtempSync(join(tmpdir(), 'twocan-packaging-'));
let packed: readonly Packed[] = [];

const find = (name: string): Packed => {
  const own = packed.find(({ manifest }) => manifest.name === name);
  if (!own) throw new Error(`${name} was not packed`);
  if (!existsSync(join(own.folder, 'dist'))) throw new Error(`${name} is not built; npm run build`);
  return own;
};

const scratchFolder = (kind: string, name: string): string =>
  join(scratch, kind, name.replace('/', '-'));

function exampleOf(folder: string): Example {
  const readme = join(folder, 'README.md');
  const example = existsSync(readme) ? firstExample(readFileSync(readme, 'utf8')) : undefined;
  if (!example) throw new Error(`${readme} has no program in a ts block`);
  return example;
}

/** Runs an example where its imports resolve and compares what it prints. */
async function expectExampleRuns(folder: string, example: Example): Promise<void> {
  writeFileSync(join(folder, 'example.mjs'), example.code);
  const printed = (await runScript(folder, 'example.mjs')).trim();
  if (example.prints === undefined) expect(printed).not.toBe('');
  else expect(printed).toBe(example.prints.trim());
}

beforeAll(async () => {
  packed = await packAll(published, join(scratch, 'tarballs'));
}, TIMEOUT);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('tarballs', () => {
  it.each(names)(
    '%s is clean for publint and attw',
    async (name) => {
      const { tarball } = find(name);
      const bytes = new Uint8Array(readFileSync(tarball)).buffer;
      const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes } });
      expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
      await runTool('.bin/attw', [tarball, '--profile', 'esm-only', '--quiet']);
    },
    TIMEOUT,
  );
});

describe('alone', () => {
  it.concurrent.each(ALONE)(
    '%s brings what it declares and its README runs',
    async (name) => {
      const folder = scratchFolder('alone', name);
      const { folder: source, manifest } = find(name);
      const ours = closure(name, packed);
      const engine = manifest.peerDependencies?.[ENGINE] ?? '*';
      await install(folder, ours, { [ENGINE]: engine, [CPU]: engine });
      const expected = [...ours.map((own) => own.manifest.name), ...reached(folder, [ENGINE, CPU])];
      expect(installed(folder)).toEqual(expected.sort());
      await expectExampleRuns(folder, exampleOf(source));
    },
    TIMEOUT,
  );
});

describe('README examples', () => {
  const rest = names.filter((name) => name !== 'twocan' && !ALONE.includes(name));
  it.concurrent.each(rest)(
    '%s',
    async (name) => {
      const folder = scratchFolder('readme', name);
      mkdirSync(folder, { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
      await expectExampleRuns(folder, exampleOf(find(name).folder));
    },
    TIMEOUT,
  );

  it(
    "the repository's own",
    async () => {
      const folder = scratchFolder('readme', 'root');
      mkdirSync(folder, { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
      await expectExampleRuns(folder, exampleOf(ROOT));
    },
    TIMEOUT,
  );
});

describe('twocan as a module', () => {
  it(
    'runs the example of its documentation on a folder',
    async () => {
      const folder = scratchFolder('module', 'twocan');
      await install(folder, closure('twocan', packed), {});
      await drawPhotos(join(folder, 'photos'), 2, 8);
      const example = firstExample(readFileSync(join(ROOT, 'docs/api.md'), 'utf8'));
      writeFileSync(join(folder, 'example.mjs'), example?.code ?? '');
      const printed = await runScript(folder, 'example.mjs');
      const lines = printed.trim().split('\n');
      expect(lines.slice(0, 20).every((line, i) => line.startsWith(`step ${i + 1}: loss `))).toBe(
        true,
      );
      expect(lines[20]).toMatch(/^k-NN [\d.]+, raw pixels [\d.]+, untrained [\d.]+$/);
      expect(lines[21]).toMatch(/^probe [\d.]+; 16 images, 96 numbers each$/);
    },
    TIMEOUT,
  );
});

describe('native', () => {
  const TRAIN = ['pretrain', '--data', 'shapes:16', '--batch', '4', '--steps', '2', '--out'];

  it('a release needs the addon of each platform, of its own version', async () => {
    const { version, optionalDependencies } = await releaseManifest();
    expect(optionalDependencies).toEqual(
      Object.fromEntries(
        [
          ...['linux-x64-gnu', 'linux-x64-musl', 'linux-arm64-gnu', 'linux-arm64-musl'],
          ...['darwin-arm64', 'darwin-x64', 'win32-x64-msvc'],
        ].map((name) => [`@twocan/backend-native-${name}`, version]),
      ),
    );
  });

  it('a checkout names none: npm ci would look for what is not published yet', () => {
    expect(find('@twocan/backend-native').manifest.optionalDependencies).toBeUndefined();
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toMatch(
      /backend-native-(linux|darwin|win32)/,
    );
  });

  it.skipIf(NO_ADDON)(
    `trains from packages, without a compiler${NO_ADDON ? `: ${NO_ADDON}` : ''}`,
    async () => {
      const { main, platforms } = await packNative(scratchFolder('native', 'tarballs'));
      for (const { manifest, folder } of platforms) {
        const {
          name,
          os,
          cpu,
          libc = [],
          main: file,
          files,
          scripts,
        } = manifest as PlatformManifest;
        const system = { glibc: 'gnu', musl: 'musl' }[libc[0] ?? ''];
        const suffix = { linux: `-${system}`, win32: '-msvc' }[os[0] ?? ''] ?? '';
        expect(name).toBe(`@twocan/backend-native-${os}-${cpu}${suffix}`);
        expect(files).toEqual([file]);
        expect(scripts).toBeUndefined();
        expect(existsSync(join(folder, file))).toBe(true);
      }
      const ours = closure('twocan', packed).map((own) =>
        own.manifest.name === main.manifest.name ? main : own,
      );
      const folder = scratchFolder('native', 'twocan');
      await install(folder, ours, {}, platforms);
      expect(await runTwocan(folder, [...TRAIN, 'with'])).toMatch(/^backend native: /m);
      const scope = join(folder, 'node_modules/@twocan');
      for (const name of readdirSync(scope).filter((own) => own.startsWith('backend-native-'))) {
        rmSync(join(scope, name), { recursive: true });
      }
      expect(await runTwocan(folder, [...TRAIN, 'without'])).toMatch(
        /^backend simd: .*native \(npm left out @twocan\/backend-native-[\w-]+\)/m,
      );
    },
    TIMEOUT,
  );
});

describe('examples', () => {
  const projects = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

  it.concurrent.each(projects)(
    '%s learns',
    async (name) => {
      const folder = scratchFolder('examples', name);
      const source = join(ROOT, 'examples', name);
      await installExample(source, folder, packed);
      expect(installed(folder)).not.toContain('@tensorflow/tfjs');
      const printed = await runScript(folder, 'index.js');
      const losses = [...printed.matchAll(/loss (\d+\.\d+)/g)].map(([, loss]) => Number(loss));
      expect(losses.length).toBeGreaterThan(3);
      expect(losses.at(-1)).toBeLessThan(0.6 * (losses[0] ?? 0));
      expect(readManifest(source).dependencies).toHaveProperty([ENGINE]);
    },
    TIMEOUT,
  );
});
