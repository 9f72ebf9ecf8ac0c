import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findPackage } from './packages/backend/src/set-up-folders.ts';
import { findChromium } from './test/browser/chromium.ts';
import { counts } from './test/browser/counts.ts';

// The packages' tests in a page of headless Chromium, once cross-origin isolated and once not; on WebGPU
// where it was set up.

const executablePath = findChromium();
if (executablePath === undefined) {
  throw new Error('test:browser: Chromium must be in PATH, got none; install it or set CHROMIUM');
}

// What keeps a test out of a page is what it imports: Node's modules (files, processes, threads), a
// library of native code, a bundler, or a door of ours to one of them.
const NODE_ONLY =
  /from '(node:[^']+|sharp|onnxruntime-node|rolldown|@twocan\/\w+\/node|\.\.\/src\/node\/[^']+)'/;

/** Whether a test, or a file beside it that it imports, needs Node. */
function needsNode(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  const beside = [...text.matchAll(/from '(\.\/[^']+\.ts)'/g)].map(([, file = '']) => file);
  return NODE_ONLY.test(text) || beside.some((file) => needsNode(join(dirname(path), file)));
}

const tests = readdirSync('packages', { recursive: true, encoding: 'utf8' })
  .map((path) => `packages/${path}`)
  .filter((path) => /^packages\/[^/]+\/test\/.*\.test\.ts$/.test(path));
const include = tests.filter((path) => !needsNode(path));

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

// Set up with `twocan setup webgpu`, and not installed here: contracts and goldens run on it if it is there.
const WEBGPU = '@tensorflow/tfjs-backend-webgpu';
const webgpu = process.env.TWOCAN_BACKENDS && findPackage('webgpu', `${WEBGPU}/package.json`);
if (!webgpu) console.log('skipped in a page on webgpu: TWOCAN_BACKENDS names no file that has it');
const ON_WEBGPU = /^packages\/(core\/|backend\/|[^/]+\/test\/golden)/;
// A headless Chromium takes no GPU and, on Linux, hides WebGPU: its own software driver computes. It has to
// draw too, or what WebGPU put on a canvas, by which tfjs reads at once, is never seen.
const WEBGPU_FLAGS = [
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
];

type Page = {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where tfjs's WebGPU backend lies, if suites run on that alone. */
  readonly webgpu?: string;
};

const page = (name: string, { headers = {}, webgpu }: Page = {}) => ({
  resolve: {
    conditions: ['@twocan/source'],
    alias: webgpu === undefined ? {} : { [WEBGPU]: webgpu },
    // The backend's folder has a tfjs-core of its own.
    dedupe: ['@tensorflow/tfjs-core'],
  },
  server: { headers: { ...headers } },
  // Found one by one while tests run, each would load the page again.
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-wasm',
      ...(webgpu === undefined ? [] : [WEBGPU]),
      'fast-check',
      'umap-js',
      'ml-matrix',
    ],
  },
  test: {
    name,
    include: [
      ...include.filter((path) => webgpu === undefined || ON_WEBGPU.test(path)),
      'test/browser/*.test.ts',
    ],
    provide: { isolated: headers === ISOLATED, webgpu: webgpu !== undefined },
    setupFiles: ['test/browser/stock-wasm.ts'],
    testTimeout: webgpu === undefined ? 60_000 : 300_000,
    hookTimeout: 120_000,
    // One page for all files: a page each takes longer than their tests.
    isolate: false,
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath,
          args: ['--no-sandbox', ...(webgpu === undefined ? [] : WEBGPU_FLAGS)],
        },
      }),
      instances: [{ browser: 'chromium' as const }],
    },
  },
});

export default defineConfig({
  test: {
    reporters: ['default', counts],
    projects: [
      page('isolated', { headers: ISOLATED }),
      page('not isolated'),
      ...(webgpu ? [page('webgpu', { webgpu: dirname(webgpu) })] : []),
    ],
  },
});
