import { expect, test } from 'vitest';
import { startedWithNohup } from '../src/terminal/hang-up.ts';
import { type Shell, shellLine, shellOf } from '../src/terminal/shell-line.ts';

test.each<[Shell, string, string]>([
  ['posix', '/home/me/runs/a-1.2', '/home/me/runs/a-1.2'],
  ['posix', '/home/me/my runs', "'/home/me/my runs'"],
  ['posix', "it's", "'it'\\''s'"],
  ['posix', '$HOME/`id`;*', "'$HOME/`id`;*'"],
  ['posix', 'größe', "'größe'"],
  ['posix', '', "''"],
  ['posix', "a\nb'\\", "$'a\\u000ab\\'\\\\'"],
  ['posix', 'C:\\runs', "'C:\\runs'"],
  ['cmd', 'C:\\runs\\a', 'C:\\runs\\a'],
  ['cmd', 'C:\\my runs\\', '"C:\\my runs\\\\"'],
  ['cmd', 'a&b^c', '"a&b^c"'],
  ['cmd', "it's", '"it\'s"'],
  ['cmd', 'say "a\\"', '"say \\"a\\\\\\""'],
  ['cmd', '', '""'],
  ['powershell', 'C:\\runs\\a', 'C:\\runs\\a'],
  ['powershell', 'C:\\my runs\\', "'C:\\my runs\\'"],
  ['powershell', "it's $HOME", "'it''s $HOME'"],
  ['powershell', '@home', "'@home'"],
])('%s reads %j from %s', (shell, word, quoted) => {
  expect(shellLine(['twocan', word], shell)).toBe(`twocan ${quoted}`);
});

test('the shell is known by what it leaves in the environment', () => {
  expect(shellOf('linux', { PROMPT: '%' })).toBe('posix');
  expect(shellOf('darwin', {})).toBe('posix');
  expect(shellOf('win32', { PROMPT: '$P$G' })).toBe('cmd');
  expect(shellOf('win32', {})).toBe('powershell');
  expect(shellOf('win32', { MSYSTEM: 'MINGW64', PROMPT: '$P$G' })).toBe('posix');
});

const status = (name: string, ignored: string): string =>
  `Name:\t${name}\nSigIgn:\t${ignored}\nSigCgt:\t0000000100004602\n`;

test.each([
  ['what bash and zsh leave', { _: '/usr/bin/nohup' }, {}, true],
  ['what ksh leaves', { _: '*42*/usr/bin/nohup' }, {}, true],
  ['another program', { _: '/usr/bin/node' }, {}, false],
  ['a shell that ignores it', {}, { '/proc/7/status': status('bash', '0000000000000001') }, true],
  ['a shell that ignores more', {}, { '/proc/7/status': status('dash', '0000000000000005') }, true],
  [
    'a shell that ignores others',
    {},
    { '/proc/7/status': status('zsh', '0000000000000004') },
    false,
  ],
  ['another parent', {}, { '/proc/7/status': status('screen', '0000000000000001') }, false],
  ['an input for writing alone', {}, { '/proc/self/fdinfo/0': 'pos:\t0\nflags:\t0100001\n' }, true],
  ['an input for reading', {}, { '/proc/self/fdinfo/0': 'pos:\t0\nflags:\t0100000\n' }, false],
  ['an input for both, a terminal', {}, { '/proc/self/fdinfo/0': 'flags:\t0100002\n' }, false],
  ['nothing to read', {}, {}, false],
])('nohup is seen in %s: %j %j', (_, env, files: Record<string, string>, expected) => {
  expect(startedWithNohup({ env, parent: 7, read: (path) => files[path] })).toBe(expected);
});
