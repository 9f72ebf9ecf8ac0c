import { existsSync, statSync } from 'node:fs';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { type BackendReport, chooseBackend } from '@twocan/backend';
import type { ArgsDef } from 'citty';
import { usageError } from './failure.ts';
import { parseBackend, parseNumber, type Range, type Words } from './options.ts';

/** Options that every command with a model has. */
export const MODEL_ARGS: ArgsDef = {
  model: {
    type: 'string',
    valueHint: 'RUN|FILE',
    description: 'A run folder (its newest checkpoint), or a checkpoint file',
  },
  backend: {
    type: 'string',
    valueHint: 'auto|cpu|wasm|node|node-gpu',
    description: 'What computes; default auto',
  },
  debug: { type: 'boolean', description: 'Print stack traces' },
};

/**
 * The value of an option that must be there.
 *
 * @param words the words of the command line
 * @param flag its name
 * @param what what it should be, for the error
 * @returns the value
 * @throws Failure (exit code 2)
 */
export function required(words: Words, flag: string, what: string): string {
  const value = words[flag];
  if (typeof value === 'string' && value !== '') return value;
  throw usageError(`--${flag} is needed: ${what}`);
}

/**
 * A number, or what stands in for it.
 *
 * @throws Failure (exit code 2) for what is no number in range
 */
export function numberOr<T>(
  words: Words,
  flag: string,
  fallback: T,
  range: Range & { readonly whole?: boolean },
): number | T {
  const problems: string[] = [];
  const value = parseNumber(words, flag, range, range.whole ?? false, problems);
  if (problems.length > 0) throw usageError(problems.join('\n'));
  return value ?? fallback;
}

/**
 * Makes the backend of `--backend` current.
 *
 * @throws Failure (exit code 2) saying what to install when it is missing
 */
export async function useBackend(name: string | undefined): Promise<BackendReport> {
  const problems: string[] = [];
  const wanted = parseBackend(name, problems) ?? 'auto';
  if (problems.length > 0) throw usageError(problems.join('\n'));
  enableProdMode(); // else tfjs's cpu backend prints an advertisement
  try {
    return await chooseBackend(wanted);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'BACKEND_MISSING';
    throw missing ? usageError(error.message) : error;
  }
}

/**
 * A file that a command is about to write.
 *
 * @throws Failure (exit code 2) when a folder of that name is there
 */
export function outputFile(words: Words, fallback: string): string {
  const given = words.out;
  if (given === '') throw usageError('--out needs a value');
  const path = typeof given === 'string' ? given : fallback;
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw usageError(`--out ${path} is a folder; give a file`);
  }
  return path;
}
