import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A real browser, where the machine has one: CHROMIUM names it, else it is looked for in PATH.
 *
 * @returns its path, or undefined
 */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return process.env.CHROMIUM ?? paths.find((path) => existsSync(path));
}
