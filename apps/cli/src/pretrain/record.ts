import { statSync } from 'node:fs';
import { writeReport } from '../report/write-report.ts';
import { describeMachine, type Environment } from '../run/environment.ts';
import { readMap } from '../run/map-file.ts';
import { appendMetrics, type MetricsLine, truncateMetrics } from '../run/metrics-file.ts';
import { listSheets, removeLaterSheets } from '../run/sample-sheets.ts';
import { openEventLog } from '../tensorboard/event-log.ts';
import type { Run } from './run.ts';

/** What a run writes about itself while it goes: metrics, TensorBoard events and the report. */
export type RunRecord = {
  /** Lines of the run so far, those before a resume included. */
  readonly lines: readonly MetricsLine[];
  /** Adds a line; the time is put in. */
  readonly add: (line: MetricsLine) => void;
  /** Adds a sheet of samples that was drawn. */
  readonly drawn: (step: number, path: string) => void;
  /** Draws the report anew. */
  readonly report: () => void;
};

/**
 * Opens the record of a run that begins or goes on.
 *
 * @param run its places, settings and data
 * @param environment what it runs on
 * @param step where it begins: what was recorded after it is dropped
 * @returns the record
 */
export function openRecord(
  { folder, config, data }: Pick<Run, 'folder' | 'config' | 'data'>,
  environment: Environment,
  step: number,
): RunRecord {
  const lines = truncateMetrics(folder.metrics, step);
  removeLaterSheets(folder.samples, step);
  const now = clockFrom(lines.reduce((last, { machine }) => Math.max(last, machine.time ?? 0), 0));
  const events = openEventLog(folder.tensorboard, now());
  for (const line of lines) events.line(line);
  for (const sheet of listSheets(folder.samples)) {
    events.sheet({ ...sheet, seconds: statSync(sheet.path).mtimeMs / 1000 });
  }
  describeMachine(folder.environment, environment);
  return {
    lines,
    add(line) {
      const timed = { ...line, machine: { time: now(), ...line.machine } };
      lines.push(timed);
      appendMetrics(folder.metrics, timed);
      events.line(timed);
    },
    drawn: (at, path) => events.sheet({ step: at, path, seconds: now() }),
    report: () =>
      writeReport(folder.report, {
        config,
        environment,
        data: data.notes(),
        lines,
        sheets: listSheets(folder.samples),
        map: readMap(folder.map),
      }),
  };
}

/** Seconds since 1970; a clock that is set back stays at the same value until it has caught up. */
function clockFrom(earliest: number): () => number {
  let latest = earliest;
  return () => {
    latest = Math.max(latest, Date.now() / 1000);
    return latest;
  };
}
