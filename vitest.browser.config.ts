import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

const executablePath =
  process.env.CHROMIUM ??
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => ['chromium', 'google-chrome'].map((name) => join(folder, name)))
    .find((path) => existsSync(path));
if (executablePath === undefined) {
  throw new Error('test:browser: Chromium must be in PATH, got none; install it or set CHROMIUM');
}

/** What only Node has: its modules, a package that stands on them, our doors to them. */
const NODE_ONLY = /from '(node:[^']*|sharp|rolldown|(\.\.\/src|@twocan\/\w+)\/node[^']*)'/;

const tests = readdirSync('packages', { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/]+\/test\/.*\.test\.ts$/.test(path))
  .map((path) => `packages/${path}`);
const include = tests.filter((path) => !NODE_ONLY.test(readFileSync(path, 'utf8')));

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const project = (name: string, headers: Record<string, string>) => ({
  resolve: { conditions: ['@twocan/source'] },
  server: { headers },
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
    setupFiles: ['test/browser/wasm-files.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
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
  test: { projects: [project('isolated', ISOLATED), project('not-isolated', {})] },
});
