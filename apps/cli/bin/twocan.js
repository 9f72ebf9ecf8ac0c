#!/usr/bin/env node
// This file is committed, so that `npm ci` can link the program before it is built.
import { existsSync } from 'node:fs';

const program = new URL('../dist/bin.js', import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  console.error('twocan: this checkout is not built yet; run `npm run build` in its root first');
  process.exitCode = 1;
}
