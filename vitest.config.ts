import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@twocan/source'] },
  ssr: { resolve: { conditions: ['@twocan/source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/browser/**', '**/node_modules/**'], // vitest.browser.config.ts has those
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
