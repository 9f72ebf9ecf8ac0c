import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { makeFolder, writeFileAtomic } from '@twocan/checkpoint/node';
import type { FileMark } from '@twocan/data/node';
import { isObject } from '../args/config-file.ts';
import { checkFolder } from '../files/outputs.ts';
import { ownFolder } from '../files/own-output.ts';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';
import type { RunConfig } from './config.ts';
import { keepMarks } from './data-identity.ts';

/** The places of a run. */
export type RunFolder = {
  readonly path: string;
  readonly config: string;
  readonly metrics: string;
  readonly checkpoints: string;
  readonly samples: string;
  readonly result: string;
  readonly report: string;
  /** Where the features of some pictures lie, for the report. */
  readonly map: string;
  readonly environment: string;
  /** Names, sizes and digests of the images, by which they are known again. */
  readonly images: string;
  /** Images that were left out, one a line, with the reason. */
  readonly skipped: string;
  /** At which step numbers stopped being finite, where they did. */
  readonly replay: string;
  /** TensorBoard's event files. */
  readonly tensorboard: string;
  /** Holds which process works on the run. */
  readonly lock: string;
};

/** What every kind of run has: a folder, a file with its settings, and a lock. */
export type Places = Pick<RunFolder, 'path' | 'config' | 'lock'> & Readonly<Record<string, string>>;

/**
 * Names the places of a run folder; touches nothing.
 *
 * @param out the folder, relative to the working directory or absolute
 * @returns absolute paths
 */
export function runFolder(out: string): RunFolder {
  const path = resolve(out);
  return {
    path,
    config: join(path, 'config.json'),
    metrics: join(path, 'metrics.jsonl'),
    checkpoints: join(path, 'checkpoints'),
    samples: join(path, 'samples'),
    result: join(path, 'result.json'),
    report: join(path, 'report.html'),
    map: join(path, 'map.json'),
    environment: join(path, 'environment.json'),
    images: join(path, 'images.jsonl'),
    skipped: join(path, 'skipped.jsonl'),
    replay: join(path, 'replay.json'),
    tensorboard: join(path, 'tensorboard'),
    lock: join(path, 'lock'),
  };
}

/**
 * A name for a run that was given none: sortable, safe on every file system, and not taken, not
 * even where a clock was set back.
 *
 * @param label what the run is about, such as `shapes-micro32`
 * @param at the time it starts
 * @returns such as `runs/shapes-micro32-20260131-093000`
 */
export function defaultRunPath(label: string, at: Date): string {
  const stamp = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const path = join('runs', `${label}-${stamp}`);
  const numbered = (count: number): string => (count === 1 ? path : `${path}-${count}`);
  let count = 1;
  while (existsSync(numbered(count))) count++;
  return numbered(count);
}

/**
 * Fails where a new run must not or cannot go; leaves everything as it was.
 *
 * @param folder the places
 * @param overwrite whether an earlier run may be replaced
 * @throws Failure (exit code 2) when the folder holds a run, or anything that is not a run, or when
 *   nothing can be written there
 */
export function checkNewRun(folder: Places, overwrite: boolean): void {
  checkFolder('--out', folder.path);
  if (!existsSync(folder.path)) return;
  // A run that was killed before it wrote its config may leave a lock, nothing else.
  if (readdirSync(folder.path).every((name) => name.startsWith('lock'))) return;
  if (!existsSync(folder.config)) {
    const other = ownFolder(folder.path, readdirSync(folder.path));
    throw usageError(
      other === undefined
        ? `--out ${folder.path} is not empty and holds no run; choose another folder`
        : `--out ${folder.path} holds ${other}, which this command leaves alone; choose another folder`,
    );
  }
  if (!overwrite) {
    throw usageError(
      `--out ${folder.path} already holds a run; continue it with --resume, replace it with --overwrite, or choose another folder`,
    );
  }
}

/**
 * Writes the config of a new run, in place of whatever run was there.
 *
 * @param folder the places, all of which are emptied; nothing else is
 * @param config what the run is, plain JSON
 */
export function clearRun(folder: Places, config: object): void {
  const { path: _, config: __, lock: ___, ...written } = folder;
  for (const old of Object.values(written)) rmSync(old, { recursive: true, force: true });
  // First the config, and in one piece: whatever is killed from here on can be resumed.
  writeFileSync(`${folder.lock}.config`, `${JSON.stringify(config, null, 2)}\n`);
  renameSync(`${folder.lock}.config`, folder.config);
}

/**
 * Makes the folder of a new run.
 *
 * @param folder the places; an earlier run there is removed, and nothing else
 * @param config what the run is
 * @param marks of its images, where they are files
 */
export async function createRun(
  folder: RunFolder,
  config: RunConfig,
  marks?: readonly FileMark[],
): Promise<void> {
  clearRun(folder, config);
  makeFolder(folder.checkpoints);
  makeFolder(folder.samples);
  if (marks !== undefined) await keepMarks(folder.images, marks);
}

/**
 * Notes that a run's images have moved, or what an older version did not note of them.
 *
 * @param folder the places
 * @param before its config
 * @param config what the run is; nothing is written where that is the same
 * @param marks of its images, where they are files
 */
export async function rewriteRun(
  folder: Pick<RunFolder, 'config' | 'images'>,
  before: object,
  config: object,
  marks?: readonly FileMark[],
): Promise<void> {
  if (JSON.stringify(config) === JSON.stringify(before)) return;
  if (marks !== undefined) await keepMarks(folder.images, marks);
  await writeFileAtomic(folder.config, `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Fails where a run that is to be continued could not be saved.
 *
 * @param folder the places
 * @throws Failure (exit code 2) with the reason
 */
export function checkOldRun({ path }: Places): void {
  checkFolder('--out', path, 'make it writable, or copy the run and resume the copy');
}

/**
 * Reads the config of a run that is to be continued.
 *
 * @param folder the places
 * @param problemsOf what is wrong with the content, as for a file that was edited by hand
 * @returns the config as it was written
 * @throws Failure (exit code 2) when there is no run, or its config is not one
 */
export function readRunConfig<Config = RunConfig>(
  folder: Places,
  problemsOf: (content: Readonly<Record<string, unknown>>) => readonly string[],
): Config {
  if (!existsSync(folder.config)) {
    const name = basename(folder.config);
    const names = existsSync(folder.path) ? readdirSync(folder.path) : [];
    const other = ownFolder(folder.path, names);
    throw usageError(
      other === undefined
        ? `--resume: no ${name} in ${folder.path}; start a run there first`
        : `--resume: ${folder.path} holds ${other}; go on with it by that command`,
    );
  }
  const content = parseConfig(folder.config);
  if (!isObject(content)) {
    throw usageError(
      `--resume: ${folder.config} is damaged: it holds no settings; copy it again, or start a new run`,
    );
  }
  const problems = problemsOf(content);
  if (problems.length === 0) return content as Config;
  throw usageError(
    `--resume: ${folder.config} is damaged or was edited; copy it again, or start a new run\n  ${problems.join('\n  ')}`,
  );
}

function parseConfig(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = isSystemError(error)
      ? `cannot be read: ${reasonOf(error)}`
      : 'is damaged: it holds no JSON; copy it again, or start a new run';
    throw usageError(`--resume: ${path} ${why}`, error);
  }
}
