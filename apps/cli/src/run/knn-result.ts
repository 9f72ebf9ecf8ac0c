import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { percent } from '../terminal/percent.ts';
import type { RunConfig } from './config.ts';

/**
 * What the encoder is called that a run began with, before a baseline's accuracy.
 *
 * @param config the run
 * @returns `untrained`, or `as it began` for a run with `--init`
 */
export const baselineName = ({ init }: Pick<RunConfig, 'init'>): string =>
  init === undefined ? 'untrained' : 'as it began';

/**
 * The k-NN accuracies that a run ended with, as text.
 *
 * @param run the folder
 * @param config its config
 * @returns such as `47.8% (raw pixels 30.1%, untrained 28.0%)`; undefined where the run has none
 */
export function knnResult(run: string, config: Pick<RunConfig, 'init'>): string | undefined {
  const path = join(run, 'result.json');
  const read = existsSync(path) ? jsonOf(readFileSync(path, 'utf8')) : {};
  const { knn } = (read ?? {}) as { knn?: Record<string, number> };
  if (knn === undefined) return undefined;
  return `${percent(knn.trained)} (raw pixels ${percent(knn.rawPixels)}, ${baselineName(config)} ${percent(knn.untrained)})`;
}

/** What a text holds; undefined where it is no JSON object, such as a file that is cut off. */
function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
