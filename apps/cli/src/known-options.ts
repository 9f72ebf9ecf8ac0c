import { usageError } from './failure.ts';
import { hint } from './nearest-name.ts';
import type { Words } from './options.ts';
import { camel } from './settings.ts';

/**
 * Refuses what a command does not know: citty accepts any flag, and a misspelt one would silently
 * do something else.
 *
 * @param known the command's options
 * @param words the words of the command line
 * @param loose whether words without a flag are welcome
 * @throws Failure (exit code 2) naming the unknown, with the nearest known name
 */
export function refuseUnknown(known: readonly string[], words: Words, loose = false): void {
  const accepted = new Set([...known, ...known.map(camel), '_']);
  const unknown = Object.keys(words).filter((name) => !accepted.has(name));
  if (unknown.length > 0) {
    throw usageError(
      unknown.map((name) => `unknown option --${name}${hint(name, known)}`).join('\n'),
    );
  }
  const rest = words._;
  if (!loose && Array.isArray(rest) && rest.length > 0) {
    throw usageError(`unexpected argument ${rest.join(' ')}; every option starts with --`);
  }
}
