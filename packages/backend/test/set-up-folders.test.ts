import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend, findPackage, rememberSetUp, setUpFile, setUps } from '@twocan/backend';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'twocan-set-up-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
let file = '';
beforeEach(() => {
  count += 1;
  file = join(root, String(count), 'backends.json');
  vi.stubEnv('TWOCAN_BACKENDS', file);
});

/** A folder with one package that exports nothing. */
function folderWith(name: string): string {
  const folder = join(root, `folder-${count}`);
  const place = join(folder, 'node_modules', name);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
  writeFileSync(join(place, 'index.js'), '');
  return folder;
}

describe('the file of what was set up', () => {
  it('stands where XDG says unless TWOCAN_BACKENDS names it', () => {
    expect(setUpFile()).toBe(file);
    vi.stubEnv('TWOCAN_BACKENDS', '');
    vi.stubEnv('XDG_CONFIG_HOME', '/somewhere');
    expect(setUpFile()).toBe('/somewhere/twocan/backends.json');
  });

  it('remembers one folder for each backend', () => {
    expect(setUps()).toEqual({});
    rememberSetUp('node', { folder: '/a', about: 'first' });
    rememberSetUp('webgpu', { folder: '/b', about: 'other' });
    rememberSetUp('node', { folder: '/c', about: 'second' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      node: { folder: '/c', about: 'second' },
      webgpu: { folder: '/b', about: 'other' },
    });
  });

  it.each(['{', '[1]', 'null', '{"node":{}}'])('is refused by name if it holds %s', (text) => {
    mkdirSync(join(root, String(count)), { recursive: true });
    writeFileSync(file, text);
    expect(setUps).toThrow(`setUps: ${file}`);
  });
});

describe('findPackage', () => {
  it('looks into the folder of the backend, then beside this package', () => {
    const folder = folderWith('twocan-example');
    expect(findPackage('webgpu', 'twocan-example')).toBeUndefined();
    rememberSetUp('webgpu', { folder, about: 'an example' });
    const found = join(folder, 'node_modules/twocan-example/index.js');
    expect(findPackage('webgpu', 'twocan-example')).toBe(found);
    expect(findPackage('node', 'twocan-example')).toBeUndefined();
    expect(findPackage('node', '@tensorflow/tfjs-core')).toMatch(/tfjs-core/);
  });
});

describe('a folder that lost its contents', () => {
  it('is said to have no addon, with the command that repairs it', async () => {
    const folder = folderWith('@tensorflow/tfjs-node');
    rememberSetUp('node', { folder, about: 'an example' });
    await expect(chooseBackend('node')).rejects.toMatchObject({
      code: 'BACKEND_MISSING',
      message: expect.stringMatching(/no addon in .*lib; .*npx twocan setup node/),
    });
  });

  it('is said to have an addon that does not load', async () => {
    const folder = folderWith('@tensorflow/tfjs-node');
    const lib = join(folder, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8');
    mkdirSync(lib, { recursive: true });
    writeFileSync(join(lib, 'tfjs_binding.node'), 'no library');
    rememberSetUp('node', { folder, about: 'an example' });
    await expect(chooseBackend('node')).rejects.toMatchObject({
      message: expect.stringMatching(/its addon does not load: .*; .*npx twocan setup node/),
    });
  });
});
