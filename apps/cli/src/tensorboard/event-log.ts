import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@twocan/checkpoint/node';
import type { MetricsLine } from '../run/metrics-file.ts';
import { SERIES } from '../run/series.ts';
import { encodeEvent, encodeFileStart } from './events.ts';

/** What TensorBoard shows of a run. */
export type EventLog = {
  readonly line: (line: MetricsLine) => void;
  readonly sheet: (sheet: Sheet) => void;
};

/** A sheet of samples: a PNG file, drawn at a step. */
export type Sheet = {
  readonly step: number;
  readonly path: string;
  readonly seconds: number;
};

/**
 * Starts the event file of a process.
 *
 * A resumed run begins a new file with all that still holds, and removes those before it: an event
 * file cannot be cut back to the checkpoint.
 *
 * @param folder where TensorBoard looks
 * @param seconds since 1970, of the start
 * @returns what appends to the file
 */
export function openEventLog(folder: string, seconds: number): EventLog {
  makeFolder(folder);
  for (const name of readdirSync(folder)) {
    if (name.startsWith('events.out.tfevents.')) rmSync(join(folder, name));
  }
  // TensorBoard takes files with `tfevents` in their name, in the order of their names.
  const file = join(folder, `events.out.tfevents.${Math.floor(seconds)}.twocan`);
  appendFileSync(file, encodeFileStart(seconds));
  return {
    line(line) {
      const { step, machine } = line;
      const summaries = SERIES.flatMap(({ tag, of }) => {
        const scalar = of(line);
        return scalar === undefined ? [] : { name: tag, scalar };
      });
      appendFileSync(file, encodeEvent({ step, seconds: machine.time ?? seconds, summaries }));
    },
    sheet({ step, path, seconds: when }) {
      const png = readFileSync(path);
      // A PNG begins with 8 bytes of signature and the header chunk's length and name.
      const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
      const summaries = [{ name: 'samples', png, width, height }];
      appendFileSync(file, encodeEvent({ step, seconds: when, summaries }));
    },
  };
}
