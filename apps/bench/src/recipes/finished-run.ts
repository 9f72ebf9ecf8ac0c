import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { MetricsOfStep, PretrainConfig, RecipeUsed, Settings } from '@twocan/pretrain';

/** The options that a run was started with. */
type Options = Settings & Readonly<Record<string, unknown>> & { readonly data: string };

/** A line of metrics.jsonl. */
type Line = MetricsOfStep & { readonly machine: { readonly millis: number } };

/** What a finished run says about itself. */
export type FinishedRun = {
  /** The folder. */
  readonly path: string;
  /** The name of its images. */
  readonly name: string;
  readonly config: PretrainConfig & { readonly options: Options; readonly recipe?: RecipeUsed };
  readonly lines: readonly Line[];
  readonly environment: {
    readonly twocan: string;
    readonly processor: string;
    readonly backend: string;
    readonly threads: number | null;
  };
  /** The accuracy of the linear probe, where `twocan probe --json` was written to probe.json. */
  readonly probe?: number;
};

/**
 * Reads a run folder.
 *
 * @param path the folder
 * @param name what its images are called in the recipe
 * @returns what the folder says
 * @throws Error for a folder without a whole run
 */
export function readFinishedRun(path: string, name: string): FinishedRun {
  const json = (file: string): unknown => JSON.parse(readFileSync(join(path, file), 'utf8'));
  const config = json('config.json') as FinishedRun['config'];
  const lines = readFileSync(join(path, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
  const isDone = lines.some(({ step, evaluation }) => step === config.steps && evaluation);
  if (!isDone) throw new Error(`${path}: the run is not finished; let it come to its last step`);
  const environment = json('environment.json') as FinishedRun['environment'];
  const probe = existsSync(join(path, 'probe.json'))
    ? (json('probe.json') as { readonly trained: number })
    : undefined;
  return { path, name, config, lines, environment, ...(probe && { probe: probe.trained }) };
}

/** Options that are no part of what was learned, or that are written first. */
const LEFT_OUT = [
  'data',
  'evalData',
  'seed',
  'backend',
  'threads',
  'cache',
  'checkpointEvery',
  'shareEvery',
];

/**
 * The command that makes a run again, with the name of its images in place of where they lay.
 *
 * @param run the run
 * @returns a line
 */
export function commandOf({ name, config }: FinishedRun): string {
  const { options, seed } = config;
  const { data, evalData } = options;
  const root = data.endsWith('/train') ? dirname(data) : data;
  const placed = (path: unknown): string => {
    const inside = relative(root, String(path));
    return inside === '' ? name : `${name}/${inside}`;
  };
  const flags = Object.entries(options)
    .filter(([option]) => !LEFT_OUT.includes(option))
    .flatMap(([option, value]) => [
      `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ]);
  const evaluated = evalData === undefined ? [] : ['--eval-data', placed(evalData)];
  const words = ['--data', placed(data), ...evaluated, ...flags, '--seed', String(seed)];
  return `twocan pretrain ${words.join(' ')}`;
}
