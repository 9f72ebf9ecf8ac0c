import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A sheet of samples in a run folder. */
export type SampleSheet = { readonly step: number; readonly path: string };

/**
 * Where the sheet of a step goes.
 *
 * @param folder the run's folder of samples
 * @param step the step
 * @returns a path that sorts by step
 */
export function sheetPath(folder: string, step: number): string {
  return join(folder, `step-${String(step).padStart(8, '0')}.png`);
}

/**
 * The sheets of a run.
 *
 * @param folder the run's folder of samples; need not exist
 * @returns in order of the step
 */
export function listSheets(folder: string): SampleSheet[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const step = /^step-(\d+)\.png$/.exec(name)?.[1];
      return step === undefined ? [] : { step: Number(step), path: join(folder, name) };
    });
}

/** Removes sheets drawn after the checkpoint that a run is resumed from. */
export function removeLaterSheets(folder: string, lastStep: number): void {
  for (const { step, path } of listSheets(folder)) if (step > lastStep) rmSync(path);
}
