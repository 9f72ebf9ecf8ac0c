import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * One line of metrics.jsonl.
 *
 * Everything but `machine` follows from the config and the backend alone, so two runs can be
 * compared bit by bit; `machine` holds what the clock and the operating system said.
 */
export type MetricsLine = {
  readonly step: number;
  readonly machine: Readonly<Record<string, number>>;
  readonly [name: string]: number | Readonly<Record<string, number>>;
};

/**
 * Drops what a run wrote after the checkpoint it is resumed from, and a line cut off by a crash.
 *
 * @param path the file; need not exist
 * @param lastStep the step of the checkpoint; lines of later steps go
 */
export function truncateMetrics(path: string, lastStep: number): void {
  if (!existsSync(path)) return;
  const lines = readFileSync(path, 'utf8').split('\n');
  const kept = lines.filter((line) => {
    const step = stepOf(line);
    return step !== undefined && step <= lastStep;
  });
  const text = kept.length === 0 ? '' : `${kept.join('\n')}\n`;
  // A rename is atomic: a crash here leaves the old file or the new one.
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

function stepOf(line: string): number | undefined {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return typeof step === 'number' ? step : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Appends one step. The line is with the operating system when this returns: a killed process
 * loses none.
 *
 * @param path the file
 * @param line the step's numbers
 */
export function appendMetrics(path: string, line: MetricsLine): void {
  const { step, machine, ...rest } = line;
  appendFileSync(path, `${JSON.stringify({ step, ...rest, machine })}\n`);
}
