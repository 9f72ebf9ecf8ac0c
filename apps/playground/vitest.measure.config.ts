import { defineConfig } from 'vitest/config';
import page from './vitest.page.config.ts';

// What the same page costs. It prints numbers; nothing fails when a machine is slow.
export default defineConfig({
  ...page,
  test: { ...page.test, include: ['test/measure/*.measure.ts'], testTimeout: 1_800_000 },
});
