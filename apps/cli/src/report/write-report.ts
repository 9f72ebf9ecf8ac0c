import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { SampleSheet } from '../run/sample-sheets.ts';
import { type ReportData, reportPage } from './page.ts';

const MOST_SHEETS = 6; // each is some hundred kilobytes

/**
 * Writes the report of a run.
 *
 * @param path where it goes; a browser that has it open finds the old file or the new one
 * @param run what it shows; of many sheets, some spread over the run
 */
export function writeReport(
  path: string,
  run: Omit<ReportData, 'name' | 'sheets'> & { readonly sheets: readonly SampleSheet[] },
): void {
  const page = reportPage({
    ...run,
    name: basename(dirname(path)),
    sheets: spread(run.sheets, MOST_SHEETS).map((sheet) => ({
      step: sheet.step,
      png: readFileSync(sheet.path),
    })),
  });
  writeFileSync(`${path}.tmp`, page);
  renameSync(`${path}.tmp`, path);
}

/** The first, the last and some between. */
function spread<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(most, items.length);
  return Array.from(
    { length: count },
    (_, i) =>
      items[count === 1 ? items.length - 1 : Math.round((i * (items.length - 1)) / (count - 1))],
  ).flatMap((item) => (item === undefined ? [] : [item]));
}
