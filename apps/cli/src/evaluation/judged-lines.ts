import type { MetricsLine } from '../run/metrics-file.ts';
import type { Compared } from './comparison.ts';

/**
 * What a run's own judgements compare: the last one with the first, which is that of step 0 and holds
 * the pixels' too.
 *
 * @param lines of a run, in order
 * @returns k-NN accuracies in [0, 1]; nothing while there is no judgement of the start and a later one,
 *   or where one of them has no accuracy
 */
export function comparisonOf(lines: readonly MetricsLine[]): Compared<number> | undefined {
  const judged = lines.filter(({ evaluation }) => evaluation !== undefined);
  const [start, end] = [judged.find(({ step }) => step === 0), judged.at(-1)];
  if (start === end) return undefined;
  const [trained, rawPixels] = [end?.evaluation?.knn, start?.evaluation?.rawPixels];
  const untrained = start?.evaluation?.knn;
  if (trained === undefined || rawPixels === undefined || untrained === undefined) return undefined;
  return { trained, rawPixels, untrained };
}
