import { type Compared, compareKnn } from '@twocan/pretrain';
import { evaluationsIn, type MetricsLine } from '../run/metrics-file.ts';

/**
 * What a run's own evaluations compare: the last one with the first, which is that of step 0 and holds
 * the pixels' too.
 *
 * @param lines of a run, in order
 * @returns k-NN accuracies in [0, 1]; nothing while there is no evaluation of the start and a later one,
 *   or where one of them has no accuracy
 */
export const comparisonOf = (lines: readonly MetricsLine[]): Compared<number> | undefined =>
  compareKnn(evaluationsIn(lines));
