import { defineConfig } from 'vitest/config';

// The built site: its links, and what it does in headless Chromium.
export default defineConfig({
  test: {
    include: ['test/site/*.site.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
