import { join } from 'node:path';
import { freeGigabytes } from './places.ts';

/** Lines in which npm, pip, compilers and linkers say why they stopped. */
const TELLING = /\berror\b.*\w{3}|no such|no space|denied|ENOTFOUND|ECONNREFUSED/i;

/** What to do, by the output of the program. */
const REMEDIES: readonly (readonly [RegExp, (folder: string) => string])[] = [
  [
    /no space left|ENOSPC/i,
    (folder) =>
      `the disk of ${folder} is full (${freeGigabytes(folder).toFixed(1)} GB free); make room or name another place with --dir`,
  ],
  [
    /ENOTFOUND|ETIMEDOUT|ECONNREFUSED|EAI_AGAIN|getaddrinfo|NewConnectionError|Max retries|network/i,
    () => 'a server cannot be reached from here; what was fetched is kept',
  ],
  [
    /no matching distribution/i,
    () =>
      'pip finds none: its index has none for this machine or cannot be reached; --tensorflow DIR takes one of your own',
  ],
  [/EACCES|permission denied/i, (folder) => `make ${folder} writable, or name another with --dir`],
];

/**
 * The error of a program that failed: its own last telling lines, what to do, and where all of it is.
 *
 * @param what what could not be done
 * @param output everything the program printed
 * @param folder the set-up's folder
 * @returns the error
 */
export function stepError(what: string, output: string, folder: string): Error {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.filter((line) => TELLING.test(line));
  // The first error is the cause of the others; without any, the last lines are all there is.
  const shown = telling.length > 0 ? telling.slice(0, 3) : lines.slice(-3);
  const remedies = REMEDIES.filter(([pattern]) => pattern.test(output)).map(([, say]) =>
    say(folder),
  );
  return new Error(
    [
      what,
      ...shown.map((line) => `  ${line.slice(0, 200)}`),
      ...remedies.map((remedy) => `  => ${remedy}`),
      `  all of it: ${join(folder, 'setup.log')}; the same command goes on where it stopped`,
    ].join('\n'),
  );
}
