import { readFileSync } from 'node:fs';
import { layUnder, PAPER, problemsOf, type RecipeUsed, recipeFor } from '@twocan/pretrain/settings';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';
import { type Options, onlyOneLength, onlySettings, SETTINGS } from './options.ts';

/** Other files that the program writes, by a name that only they hold. */
const FOREIGN: Readonly<Record<string, string>> = {
  trainImages: "a classifier's finetune.json or result.json",
  knn: "a run's result.json",
  twocan: "a run's environment.json",
  architectures: 'the config of a model of another program',
};

/**
 * Reads `--config FILE`: settings by name, as the schema describes, or the config.json of a run.
 *
 * @param path the file
 * @returns the options in it
 * @throws Failure (exit code 2) when it cannot be read, listing everything that is wrong with it
 */
export function readConfigFile(path: string): Options {
  const content = parse(path);
  const known = Object.keys(FOREIGN).find((name) => name in content);
  if (known !== undefined) {
    throw usageError(`--config ${path} is ${FOREIGN[known]}; give settings or a run's config.json`);
  }
  // A run's own config holds the options it was started with, and the resolved settings.
  const { $schema: _, ...settings } = isObject(content.options) ? content.options : content;
  const isRun = isObject(content.options);
  const problems = [...settingProblems(settings), ...(isRun ? recipeProblems(content) : [])];
  if (problems.length > 0) throw usageError(`--config ${path}:\n  ${problems.join('\n  ')}`);
  const options = onlyOneLength(settings as Options, `--config ${path}: epochs and steps`);
  return isRun ? withItsRecipe(options, content) : options;
}

/** The options of a run, with what its recipe set then where the recipe is another now. */
function withItsRecipe(options: Options, content: Readonly<Record<string, unknown>>): Options {
  if (options.init !== undefined || options.recipe === 'paper') return options;
  const { recipe: before = PAPER, batch } = content as { recipe?: RecipeUsed; batch?: number };
  const { recipe: _, ...given } = options;
  const now = recipeFor(onlySettings(given));
  if (JSON.stringify(now) === JSON.stringify(before)) return options;
  return { ...given, ...layUnder(onlySettings(given), before, batch), recipe: 'paper' };
}

/** What is wrong with the recipe that a run noted. */
function recipeProblems({ recipe }: Readonly<Record<string, unknown>>): string[] {
  if (recipe === undefined) return [];
  if (!isObject(recipe) || typeof recipe.name !== 'string' || !isObject(recipe.settings)) {
    return [`recipe must have a name and settings, got ${JSON.stringify(recipe)}`];
  }
  return settingProblems(recipe.settings).map((problem) => `recipe: ${problem}`);
}

/**
 * What is wrong with settings that were read from a file.
 *
 * @param settings values by name, as in the schema
 * @returns lines such as `batch must be a whole number of at least 1, got "two"`
 */
export const settingProblems = (settings: Readonly<Record<string, unknown>>): string[] =>
  problemsOf(SETTINGS, settings, {
    called: (name) => name,
    written: (value) => JSON.stringify(value),
  });

/**
 * What is wrong with the config.json of a run. Everything else in it follows from its options.
 *
 * @param content what the file holds
 * @returns a line for each problem; empty where it is one that `twocan pretrain` could have written
 */
export function runConfigProblems(content: Readonly<Record<string, unknown>>): string[] {
  const { data, options } = content;
  const wrong = typeof data === 'string' ? [] : [`data must be text, got ${JSON.stringify(data)}`];
  if (!isObject(options))
    return [...wrong, `options must hold settings, got ${JSON.stringify(options)}`];
  const others = settingProblems(options).map((problem) => `options: ${problem}`);
  return [...wrong, ...others, ...recipeProblems(content)];
}

function parse(path: string): Record<string, unknown> {
  const text = read(path);
  const content = parseText(text, path);
  if (isObject(content)) return content;
  throw usageError(`--config ${path} must hold an object of settings, such as ${EXAMPLE}`);
}

const EXAMPLE = '{"preset": "tiny32"}';

/** The text of a file, which some editors begin with a mark of its encoding. */
function read(path: string): string {
  try {
    const bytes = readFileSync(path);
    const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
    return new TextDecoder(wide ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (isSystemError(error)) {
      throw usageError(`--config ${path} cannot be read: ${reasonOf(error)}`, error);
    }
    throw usageError(`--config ${path} is no text in UTF-8; give a JSON file`, error);
  }
}

function parseText(text: string, path: string): unknown {
  if (text.trim() === '') {
    throw usageError(`--config ${path} is empty; give settings, such as ${EXAMPLE}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`--config ${path} cannot be read as JSON: ${whyNoJson(text)}`, error);
  }
}

/** What the usual slips are; the parser's own words differ from one Node to the next. */
function whyNoJson(text: string): string {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""'); // text in quotes may contain anything
  if (/\/\/|\/\*|#/.test(bare)) return 'it has comments, which JSON does not allow; remove them';
  if (/,\s*[}\]]/.test(bare)) return 'there is a comma before a closing bracket; remove it';
  if (bare.includes("'")) return 'names and texts need double quotes';
  if (/[{,]\s*\w+\s*:/.test(bare)) return 'names need double quotes, such as "steps"';
  const open = (bare.match(/[{[]/g) ?? []).length - (bare.match(/[}\]]/g) ?? []).length;
  if (open > 0) return 'a bracket is not closed; the file may be cut off';
  return `it must look like ${EXAMPLE}`;
}

/** Whether a value of JSON is an object with names. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
