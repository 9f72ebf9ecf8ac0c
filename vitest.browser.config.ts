import { readdirSync, readFileSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findChromium } from './test/browser/chromium.ts';
import { counts } from './test/browser/counts.ts';

// The packages' tests in a page of headless Chromium, once cross-origin isolated and once not.

const executablePath = findChromium();
if (executablePath === undefined) {
  throw new Error('test:browser: Chromium must be in PATH, got none; install it or set CHROMIUM');
}

// What keeps a test out of a page is what it imports: Node's modules (files, processes, threads), a
// library of native code, a bundler, or a door of ours to one of them.
const NODE_ONLY = /from '(node:[^']+|sharp|rolldown|@twocan\/\w+\/node|\.\.\/src\/node\/[^']+)'/;

const tests = readdirSync('packages', { recursive: true, encoding: 'utf8' })
  .map((path) => `packages/${path}`)
  .filter((path) => /^packages\/[^/]+\/test\/.*\.test\.ts$/.test(path));
const include = tests.filter((path) => !NODE_ONLY.test(readFileSync(path, 'utf8')));

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const page = (name: string, headers: Readonly<Record<string, string>>) => ({
  resolve: { conditions: ['@twocan/source'] },
  server: { headers: { ...headers } },
  // Found one by one while tests run, each would load the page again.
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-wasm',
      'fast-check',
    ],
  },
  test: {
    name,
    include: [...include, 'test/browser/*.test.ts'],
    provide: { isolated: headers === ISOLATED },
    setupFiles: ['test/browser/stock-wasm.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One page for all files: a page each takes longer than their tests.
    isolate: false,
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath, args: ['--no-sandbox'] } }),
      instances: [{ browser: 'chromium' as const }],
    },
  },
});

export default defineConfig({
  test: {
    reporters: ['default', counts],
    projects: [page('isolated', ISOLATED), page('not isolated', {})],
  },
});
