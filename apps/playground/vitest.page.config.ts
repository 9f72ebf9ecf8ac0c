import { defineConfig } from 'vitest/config';

// The built page in headless Chromium, by Playwright: as a person uses it, to the end.
export default defineConfig({
  resolve: { conditions: ['@twocan/source'] },
  ssr: { resolve: { conditions: ['@twocan/source'] } },
  test: {
    include: ['test/page/*.page.ts'],
    globalSetup: ['test/page/serve.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
