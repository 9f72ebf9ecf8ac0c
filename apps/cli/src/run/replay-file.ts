import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import type { Explosion } from '@twocan/pretrain';
import { isObject } from '../args/config-file.ts';
import { usageError } from '../terminal/failure.ts';

/**
 * Notes at which step of a run numbers stopped being finite. The state before it is the newest checkpoint, or that of the start;
 * images, masks and noise follow from the run's seed.
 *
 * @param path the file
 * @param explosion how many steps were done, and what was not finite
 */
export async function keepReplay(path: string, { step, what }: Explosion): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify({ step, what }, null, 2)}\n`);
}

/**
 * Reads the note of {@link keepReplay}.
 *
 * @param path the file
 * @param run the folder, for errors
 * @returns how many steps were done, and what was not finite
 * @throws Failure (exit code 2) where there is none, or it was edited into something else
 */
export function readReplay(path: string, run: string): Explosion {
  if (!existsSync(path)) {
    throw usageError(
      `${run} has no replay.json: it is no run, or its numbers stayed finite; give the folder of a run that exploded`,
    );
  }
  const content = parse(path);
  const isWhole =
    isObject(content) && Number.isSafeInteger(content.step) && Number(content.step) >= 0;
  if (!isWhole) throw usageError(`${path} is damaged; resume the run, and it is written again`);
  return { step: Number(content.step), what: String(content.what) };
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
