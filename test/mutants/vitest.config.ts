import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Alias } from 'vite';
import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

// Stryker runs this in a copy of the repository whose node_modules still lead to the original. So our own
// packages are named here: else their tests would import code without mutants.
const packages = join(import.meta.dirname, '../../packages');
const own = readdirSync(packages).flatMap((folder): Alias[] => {
  const { name, exports } = JSON.parse(
    readFileSync(join(packages, folder, 'package.json'), 'utf8'),
  ) as { name: string; exports: Record<string, string | { '@twocan/source'?: string }> };
  return Object.entries(exports).flatMap(([door, to]) => {
    const source = typeof to === 'string' ? undefined : to['@twocan/source'];
    if (source === undefined) return [];
    const find = new RegExp(`^${name}${door.slice(1)}$`);
    return [{ find, replacement: join(packages, folder, source) }];
  });
});

export default defineConfig({
  ...base,
  resolve: { ...base.resolve, alias: own },
  // One worker for all files of a run: importing TensorFlow.js takes longer than most of the tests.
  test: {
    ...base.test,
    isolate: false,
    include: JSON.parse(process.env.TWOCAN_MUTANT_TESTS ?? '[]'),
  },
});
