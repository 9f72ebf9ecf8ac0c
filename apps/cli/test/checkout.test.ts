import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { scratch } from './cli.ts';

const APP = fileURLToPath(new URL('..', import.meta.url));
const folder = scratch();
afterAll(folder.remove);

test('npx runs the program of a built checkout', () => {
  const args = ['--no-install', 'twocan', '--version'];
  const printed = execFileSync('npx', args, { cwd: APP, encoding: 'utf8' });
  expect(printed).toMatch(/^\d+\.\d+\.\d+/);
});

test('before a build the program says what to run', () => {
  mkdirSync(folder.path('app'));
  for (const name of ['bin', 'package.json']) {
    cpSync(`${APP}${name}`, folder.path(`app/${name}`), { recursive: true });
  }
  const { status, stderr } = spawnSync(process.execPath, [folder.path('app/bin/twocan.js')]);
  expect([status, `${stderr}`]).toEqual([
    1,
    expect.stringMatching(/not built yet; run `npm run build`/),
  ]);
});

test.each(['18.20.4', '20.18.3'])('Node %s is told which one is needed', (version) => {
  const older = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  const { status, stderr } = spawnSync(process.execPath, [
    ...['--import', `data:text/javascript,${encodeURIComponent(older)}`],
    ...[`${APP}bin/twocan.js`, '--version'],
  ]);
  const { engines } = JSON.parse(readFileSync(`${APP}package.json`, 'utf8'));
  const needed = engines.node.replace('>=', '');
  expect([status, `${stderr}`]).toEqual([
    1,
    `twocan: needs Node ${needed} or newer, and this is Node ${version}; install a newer one from https://nodejs.org\n`,
  ]);
});
