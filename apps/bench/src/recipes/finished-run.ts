import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { MetricsOfStep, PretrainConfig, RecipeUsed, Settings } from '@twocan/pretrain';

/** The options that a run was started with. */
type Options = Settings &
  Readonly<Record<string, unknown>> & { readonly data: string; readonly evalData?: string };

/** A line of metrics.jsonl. */
type Line = MetricsOfStep & { readonly machine: { readonly millis: number } };

/** What a finished run says about itself. */
export type FinishedRun = {
  /** The folder. */
  readonly path: string;
  /** The name of its images. */
  readonly name: string;
  readonly config: PretrainConfig & {
    readonly options: Options;
    readonly recipe?: RecipeUsed;
    readonly evaluation?: string;
  };
  readonly lines: readonly Line[];
  readonly environment: {
    readonly twocan: string;
    readonly processor: string;
    readonly backend: string;
    readonly threads: number | null;
  };
  /** Accuracies by all test images, where `twocan knn --json` was written to knn.json, and `twocan probe --json` to probe.json. */
  readonly measured: Readonly<Record<string, number>>;
};

/** What `knn` and `probe` say with --json. */
type Measured = {
  readonly trained: number;
  readonly rawPixels: number;
  readonly untrained: number;
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
  const found = (file: string): Measured | undefined =>
    existsSync(join(path, file)) ? (json(file) as Measured) : undefined;
  const [knn, probe] = [found('knn.json'), found('probe.json')];
  const measured = {
    ...(knn && { knn: knn.trained, rawPixels: knn.rawPixels, untrained: knn.untrained }),
    ...(probe && { probe: probe.trained }),
  };
  return { path, name, config, lines, environment, measured };
}

/**
 * The folders of a run's images by the name of the set, in place of where they lay on one machine.
 *
 * @param run the run
 * @returns the folder to train on, and that to evaluate on where it is one of the set, such as `birds/train` and `birds`
 */
function foldersOf({ name, config }: FinishedRun): { data: string; evalData?: string } {
  const { data, evalData } = config.options;
  const root = data.endsWith('/train') ? dirname(data) : data;
  const placed = (path: string): string => {
    const inside = relative(root, path);
    return inside === '' ? name : `${name}/${inside}`;
  };
  const isOfSet = evalData !== undefined && !relative(root, evalData).startsWith('..');
  return { data: placed(data), ...(isOfSet && { evalData: placed(evalData) }) };
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
export function commandOf(run: FinishedRun): string {
  const { options, seed } = run.config;
  const { data, evalData } = foldersOf(run);
  const flags = Object.entries(options)
    .filter(([option]) => !LEFT_OUT.includes(option))
    .flatMap(([option, value]) => [
      `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ]);
  const evaluated = evalData === undefined ? [] : ['--eval-data', evalData];
  return `twocan pretrain ${['--data', data, ...evaluated, ...flags, '--seed', String(seed)].join(' ')}`;
}

/**
 * The config.json of a run for others: `twocan pretrain --config` makes the run again beside a folder of the images' name.
 *
 * @param run the run
 * @returns the config without what holds on one machine alone
 */
export function configOf(run: FinishedRun): object {
  const { evaluation: _, ...config } = run.config;
  const { evalData: __, ...options } = config.options;
  const folders = foldersOf(run);
  return { ...config, data: folders.data, options: { ...options, ...folders } };
}
