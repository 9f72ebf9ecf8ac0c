import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { makeFolder, removeEmptyFolders, writeFileAtomic } from '@twocan/checkpoint/node';
import { hasCode, reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { isFolder } from './is-folder.ts';
import { ownImage } from './own-output.ts';
import { isWithin, pathProblem } from './path-names.ts';

/** What a command may write to the file of an option. */
export type OutputRule = {
  /** Without the dashes. */
  readonly flag: (typeof OUTPUTS)[number];
  /** Endings that say what the file is, in small letters; capitals are taken as well. */
  readonly endings: readonly string[];
  /** Other files that are written with it. */
  readonly beside?: (path: string) => readonly string[];
  /** Whether the command reads a file that is there: it is then no surprise that it is written anew. */
  readonly kept?: boolean;
};

/** Bytes that are tried: an empty file fits a full disk. */
const TRIED = new Uint8Array(4096);
const INPUTS = ['model', 'data', 'query'] as const;
const OUTPUTS = ['out', 'index', 'confusion', 'attention'] as const;

/** The places that a command was given, by the names of their flags. */
type Places = { readonly [F in (typeof INPUTS | typeof OUTPUTS)[number]]?: string };

/**
 * Looks at the file that a command is about to write before the work begins: its ending, its
 * folder (missing ones are made when it is written), whether anything can be written there, and
 * that it is none of the command's inputs.
 *
 * @param values the values of the command line
 * @param rule what is written
 * @throws Failure (exit code 2) with what is wrong
 */
export function checkOutput(values: Places, rule: OutputRule): void {
  const { flag, endings, beside = () => [], kept = false } = rule;
  const given = values[flag];
  if (given === undefined) return;
  if (namesFolder(given)) throw usageError(`--${flag} ${given} is a folder; give a file`);
  if (!endings.includes(extname(given).toLowerCase())) {
    throw usageError(`--${flag} must end in ${listed(endings)}, got ${given}`);
  }
  refuseInputs(values, flag, given);
  for (const path of [given, ...beside(given)]) checkFile(`--${flag}`, path);
  const replaced = [given, ...beside(given)].filter((path) => existsSync(path));
  if (!kept && replaced.length > 0) {
    message(`${replaced.join(' and ')} will be replaced`);
  }
}

/**
 * Writes a file whole or not at all, with the folders above it that are missing.
 *
 * @param path what {@link checkOutput} accepted
 * @param bytes the content, whole or piece by piece
 * @throws the file system's error
 */
export async function writeOutput(
  path: string,
  bytes: Parameters<typeof writeFileAtomic>[1],
): Promise<void> {
  makeFolder(dirname(path));
  await writeFileAtomic(path, bytes);
}

/**
 * Fails where no folder can be made or nothing can be written into it; leaves nothing behind.
 *
 * @param option what names it, such as `--out`
 * @param path the folder; it need not exist
 * @param advice what to do about it
 * @throws Failure (exit code 2) with the reason
 */
export function checkFolder(option: string, path: string, advice?: string): void {
  expectPlace(option, path, () => tryFile(resolve(path), `.twocan-${randomUUID()}.tmp`), advice);
}

function checkFile(option: string, path: string): void {
  expectPlace(option, path, () => {
    const old = statSync(path, { throwIfNoEntry: false });
    if (old !== undefined && !old.isFile()) throw new Error('it is there and is no ordinary file');
    if (old !== undefined) accessSync(path, constants.W_OK);
    // What is there is replaced by a new file, which needs a name of its own meanwhile.
    const name = old === undefined ? basename(path) : `.twocan-${randomUUID()}.tmp`;
    tryFile(dirname(resolve(path)), name);
  });
}

/** Writes a file and takes it away, with the folders that had to be made for it. */
function tryFile(folder: string, name: string): void {
  const made = makeFolder(folder);
  const file = join(folder, name);
  try {
    writeFileSync(file, TRIED, { flag: 'wx' });
    rmSync(file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) rmSync(file, { force: true });
    throw error;
  } finally {
    removeEmptyFolders(made);
  }
}

/** Errors of the file system in the user's words; what it may not be called comes first. */
function expectPlace(
  option: string,
  path: string,
  attempt: () => void,
  advice = 'give another place',
): void {
  const problem = pathProblem(path);
  if (problem !== undefined) throw usageError(`${option} ${path} ${problem}; give another name`);
  try {
    attempt();
  } catch (error) {
    const why = hasCode(error, 'ENOENT') ? 'no folder can be made there' : reasonOf(error);
    throw usageError(`${option} ${path} cannot be written: ${why}; ${advice}`, error);
  }
}

/** No output goes over an input. */
function refuseInputs(values: Places, flag: OutputRule['flag'], path: string): void {
  const place = realPath(path);
  // All pictures that are drawn are PNG; one that an earlier command drew is no image of the data.
  const isImage =
    extname(path).toLowerCase() === '.png' && existsSync(path) && ownImage(path) === undefined;
  for (const other of [...INPUTS, ...OUTPUTS.filter((name) => name !== flag)]) {
    const word = values[other];
    if (word === undefined) continue;
    if (realPath(word) === place) {
      throw usageError(`--${flag} and --${other} are the same file, ${path}; give another name`);
    }
    if (other === 'data' && isImage && isWithin(place, realPath(word))) {
      throw usageError(`--${flag} ${path} is one of the images of --data; give another name`);
    }
  }
}

/** The path without links, as far as it exists. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const above = dirname(whole);
    return above === whole ? whole : join(realPath(above), basename(whole));
  }
}

/** Also what only a folder's name can be: one that ends in a slash. */
const namesFolder = (path: string): boolean =>
  path.endsWith('/') || path.endsWith(sep) || isFolder(path);

const listed = (endings: readonly string[]): string =>
  endings.map((ending) => ending || 'no ending').join(' or ');
