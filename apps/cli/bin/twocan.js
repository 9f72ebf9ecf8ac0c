#!/usr/bin/env node
// This file is committed, so that `npm ci` can link the program before it is built. It runs on any Node
// since 14, to say which one is needed.
import { existsSync, readFileSync } from 'node:fs';

const program = new URL('../dist/bin.js', import.meta.url);
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const needed = engines.node.replace('>=', '');
const numbers = (version) => version.split('.').map(Number);
const [major, minor] = numbers(process.versions.node);
const [least, leastMinor] = numbers(needed);

if (major < least || (major === least && minor < leastMinor)) {
  console.error(
    `twocan: needs Node ${needed} or newer, and this is Node ${process.versions.node}; install a newer one from https://nodejs.org`,
  );
  process.exitCode = 1;
} else if (existsSync(program)) {
  await import(program.href);
} else {
  console.error('twocan: this checkout is not built yet; run `npm run build` in its root first');
  process.exitCode = 1;
}
