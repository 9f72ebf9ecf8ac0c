import { defineConfig } from 'vitest/config';

// What the page costs, measured in headless Chromium. It prints numbers; nothing fails when a machine is slow.
export default defineConfig({
  resolve: { conditions: ['@twocan/source'] },
  ssr: { resolve: { conditions: ['@twocan/source'] } },
  test: {
    include: ['test/measure/*.measure.ts'],
    globalSetup: ['test/page/serve.ts'],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
  },
});
