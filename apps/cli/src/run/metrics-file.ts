import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Evaluation, Scores } from '@twocan/pretrain';
import { isObject } from '../args/config-file.ts';

type Numbers = Readonly<Record<string, number>>;

/**
 * One line of metrics.jsonl: the values of a step, or of an evaluation after a step.
 *
 * Everything but `machine` follows from the config and the backend alone, so two runs can be
 * compared bit by bit; `machine` holds what the clock and the operating system measured.
 */
export type MetricsLine = {
  readonly step: number;
  /** Of an evaluation: `knn` and `rawPixels` in [0, 1], `effectiveRank`, `rankMe`, `alpha`; absent in lines of steps. */
  readonly evaluation?: Numbers;
  /** `time` in seconds since 1970, `millis` of the work, `rssMegabytes`, ... */
  readonly machine: Numbers;
  readonly [name: string]: number | Numbers | undefined;
};

/**
 * Reads the lines of a run.
 *
 * @param path the file; need not exist
 * @returns the lines in order; one cut off by a crash is left out, as is one that was edited into something else
 */
export function readMetrics(path: string): MetricsLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => parse(line) ?? []);
}

/**
 * The evaluations among the lines of a run.
 *
 * @param lines in order
 * @returns their steps and scores
 */
export const evaluationsIn = (lines: readonly MetricsLine[]): Evaluation[] =>
  lines.flatMap(({ step, evaluation }) =>
    evaluation === undefined ? [] : { step, scores: evaluation as Scores },
  );

/**
 * Drops what a run wrote after the checkpoint it is resumed from, and a line cut off by a crash.
 *
 * @param path the file; need not exist
 * @param lastStep the step of the checkpoint; lines of later steps go
 * @returns the lines that stay
 */
export function truncateMetrics(path: string, lastStep: number): MetricsLine[] {
  const kept = readMetrics(path).filter(({ step }) => step <= lastStep);
  if (!existsSync(path)) return kept;
  // A rename is atomic: a crash here leaves the old file or the new one.
  writeFileSync(`${path}.tmp`, kept.map(textOf).join(''));
  renameSync(`${path}.tmp`, path);
  return kept;
}

function parse(line: string): MetricsLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLine(value: unknown): value is MetricsLine {
  if (!isObject(value)) return false;
  const { step, machine, evaluation, ...metrics } = value;
  const groups = evaluation === undefined ? [machine] : [machine, evaluation];
  return (
    groups.every((group) => isObject(group) && Object.values(group).every(isNumber)) &&
    [step, ...Object.values(metrics)].every(isNumber)
  );
}

/** JSON has null for NaN. */
const isNumber = (value: unknown): boolean => value === null || typeof value === 'number';

/**
 * Appends one line. It is with the operating system when this returns: a killed process loses none.
 *
 * @param path the file
 * @param line the numbers
 */
export function appendMetrics(path: string, line: MetricsLine): void {
  appendFileSync(path, textOf(line));
}

function textOf({ step, machine, ...rest }: MetricsLine): string {
  return `${JSON.stringify({ step, ...rest, machine })}\n`;
}
