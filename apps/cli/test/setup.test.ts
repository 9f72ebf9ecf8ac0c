import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { getKernel, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it, test } from 'vitest';
import { checkBackend } from '../src/setup/check-backend.ts';
import { stepError } from '../src/setup/step-error.ts';
import { makeSteps } from '../src/setup/steps.ts';
import { findLibrary } from '../src/setup/tensorflow-library.ts';
import { type Outcome, scratch, twocan } from './cli.ts';

// Nothing here needs a network: .ci/native sets backends up for real.
const folder = scratch();
afterAll(folder.remove);

/** Runs `twocan setup` with everything that it may write inside the scratch folder. */
const setup = (args: readonly string[], more: Record<string, string> = {}): Promise<Outcome> =>
  twocan(['setup', ...args], undefined, {
    XDG_DATA_HOME: folder.path('data'),
    TWOCAN_BACKENDS: folder.path('backends.json'),
    ...more,
  });

test.each([
  [[], 'the backend is needed: one of node, node-gpu, webgpu'],
  [['nod'], 'the backend must be one of node, node-gpu, webgpu, got nod; did you mean node?'],
  [['node', '--tensorflow', '/no/such'], '--tensorflow /no/such has no TensorFlow; looked for'],
  [['node', '--dir', '/etc'], '--dir /etc holds something else'],
  [['node', '--classic', '--tensorflow', '/x'], '--tensorflow and --classic exclude each other'],
  [['webgpu', '--classic'], '--tensorflow and --classic are for node and node-gpu'],
  [['node', '--check'], 'cannot use node: it is not set up here; set it up with `npx twocan'],
  [['node', '--fast'], 'unknown option --fast'],
])('%j exits with 2, says why and writes nothing', async (args, message) => {
  const { code, stderr } = await setup(args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect([existsSync(folder.path('data')), existsSync(folder.path('backends.json'))]).toEqual([
    false,
    false,
  ]);
});

test.runIf(process.platform === 'linux')(
  'what is missing is named before anything is written',
  async () => {
    const empty = folder.path('no-programs');
    mkdirSync(empty);
    symlinkSync(process.execPath, join(empty, 'node'));
    const { code, stderr } = await setup(['node'], { PATH: empty });
    expect(stderr).toMatch(/missing here: npm, a C\+\+ compiler.*, make, Python 3, pip/);
    expect(stderr).toContain('apt-get install build-essential python3-pip');
    expect(stderr).toContain(`in ${folder.path('data/twocan/node')} (up to 2.5 GB`);
    expect(code).toBe(1);
    expect(existsSync(folder.path('data'))).toBe(false);
  },
);

test('a registry that cannot be reached: why, where the log is, nothing remembered', async () => {
  const { code, stderr } = await setup(['webgpu'], {
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retries: '0',
    npm_config_cache: folder.path('cache'),
  });
  expect(stderr).toMatch(
    /npm could not install them\n.*ECONNREFUSED[\s\S]*a server cannot be reached/,
  );
  expect(code).toBe(1);
  const log = join(folder.path('data/twocan/webgpu'), 'setup.log');
  expect(stderr).toContain(log);
  expect(readFileSync(log, 'utf8')).toContain('$ npm install');
  expect(existsSync(folder.path('backends.json'))).toBe(false);
});

test('of what a compiler says, the first errors are shown, and what helps', () => {
  const output = [
    'gyp info it worked',
    '../binding/tfjs_backend.cc:20:10: fatal error: tensorflow/c/c_api.h: No such file or directory',
    'make: *** [x.o] Error 1',
    'write failed: No space left on device',
  ].join('\n');
  const lines = stepError('the addon could not be built', output, '/place').message.split('\n');
  expect(lines.slice(0, 2)).toEqual([
    'the addon could not be built',
    '  ../binding/tfjs_backend.cc:20:10: fatal error: tensorflow/c/c_api.h: No such file or directory',
  ]);
  expect(lines.join(' ')).toMatch(/disk .* is full .*--dir.*\/place\/setup\.log/);
});

describe('findLibrary', () => {
  /** Empty files of these names. */
  const place = (root: string, names: readonly string[]): string => {
    for (const name of names) {
      const path = folder.path(join(root, name));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    }
    return folder.path(root);
  };
  const header = 'include/tensorflow/c/c_api.h';

  it('finds a wheel from its folder, its site-packages and its environment', () => {
    const site = 'env/lib/python3.12/site-packages';
    place(join(site, 'tensorflow'), [header, 'libtensorflow_cc.so.2']);
    place(site, ['tensorflow_cpu-2.21.0.dist-info/METADATA']);
    writeFileSync(
      folder.path(join(site, 'tensorflow_cpu-2.21.0.dist-info/METADATA')),
      'Name: tensorflow-cpu\nVersion: 2.21.0\n',
    );
    for (const root of ['env', site, join(site, 'tensorflow')]) {
      const found = findLibrary(folder.path(root));
      expect(found?.version).toBe('2.21.0');
      expect(readdirSync(found?.lib ?? '')).toContain('libtensorflow_cc.so.2');
      expect(found?.links['libtensorflow.so']).toBe('libtensorflow_cc.so.2');
    }
  });

  it('finds an unpacked libtensorflow, and nothing where the headers are missing', () => {
    const own = place('libtensorflow', [header, 'lib/libtensorflow.so']);
    expect(findLibrary(own)?.links).toEqual({});
    expect(findLibrary(place('headless', ['lib/libtensorflow.so']))).toBeUndefined();
  });
});

describe('the check of a backend', () => {
  it('agrees where the numbers do', async () => {
    expect(await checkBackend('wasm')).toMatch(/agrees with cpu: 3 steps of CAN, losses 1\.2\d+ /);
  });

  it('fails where one operation is wrong', async () => {
    const whole = getKernel('Relu', 'wasm');
    unregisterKernel('Relu', 'wasm');
    // As another operation would be right for half of all numbers.
    registerKernel({ ...getKernel('Abs', 'wasm'), kernelName: 'Relu' });
    await expect(checkBackend('wasm')).rejects.toThrow(/wasm computes something else than cpu/);
    unregisterKernel('Relu', 'wasm');
    registerKernel(whole);
  });

  it('sends what it found to the program that started it', async () => {
    const messages: unknown[] = [];
    const { code } = await makeSteps(1, folder.path('check.log')).run({
      command: process.execPath,
      args: [join(import.meta.dirname, '../dist/setup/check-process.js'), 'webgpu'],
      cwd: folder.path('.'),
      env: { TWOCAN_BACKENDS: folder.path('no-backends.json') },
      onMessage: (message) => messages.push(message),
    });
    expect(code).toBe(2);
    expect(messages).toEqual([
      { code: 2, words: expect.stringMatching(/^cannot use webgpu: .*twocan setup webgpu/) },
    ]);
  });
});
