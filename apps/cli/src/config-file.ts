import { readFileSync } from 'node:fs';
import { checkSetting } from './check-setting.ts';
import { usageError } from './failure.ts';
import { hint } from './nearest-name.ts';
import { type Options, onlyOneLength } from './options.ts';
import { camel, SETTINGS } from './settings.ts';

/**
 * Reads `--config FILE`: settings by name, as the schema describes, or the config.json of a run.
 *
 * @param path the file
 * @returns the options in it
 * @throws Failure (exit code 2) when it cannot be read, listing everything that is wrong with it
 */
export function readConfigFile(path: string): Options {
  const content = parse(path);
  // A run's own config holds the options it was started with beside what they led to.
  const { $schema: _, ...settings } = isObject(content.options) ? content.options : content;
  const byName = new Map(SETTINGS.map((setting) => [camel(setting.flag), setting]));
  const problems = Object.entries(settings).flatMap(([name, value]) => {
    const setting = byName.get(name);
    if (setting === undefined)
      return `unknown setting ${name}${hint(name, [...byName.keys()], '')}`;
    const problem = checkSetting(setting, value);
    return problem === undefined ? [] : `${name} ${problem}, got ${JSON.stringify(value)}`;
  });
  if (problems.length > 0) throw usageError(`--config ${path}:\n  ${problems.join('\n  ')}`);
  return onlyOneLength(settings as Options, `--config ${path}: epochs and steps`);
}

function parse(path: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isObject(content)) return content;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`--config ${path} cannot be read as JSON: ${reason}`);
  }
  throw usageError(
    `--config ${path} must hold an object of settings, such as {"preset": "tiny32"}`,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
