import { meanAndDeviation } from '@twocan/evaluate';
import { ALL_LOSSES, LOSSES, NOISE } from './grid.ts';
import type { Line, Statistic } from './lines.ts';
import type { Budget } from './plan.ts';

/** That one row of a group is better than another. */
export type Claim = {
  readonly group: string;
  readonly says: string;
  readonly better: string;
  readonly worse: string;
};

/** The claims of the paper about noise, and that the whole method is better than its parts. */
export const CLAIMS: readonly Claim[] = [
  ...LOSSES.filter(({ name }) => name !== ALL_LOSSES).map(({ group, name }) => ({
    group,
    says: `all three beat ${name}`,
    better: ALL_LOSSES,
    worse: name,
  })),
  {
    group: 'noise',
    says: 'noise helps as an augmentation',
    better: NOISE.augmentation,
    worse: NOISE.none,
  },
  {
    group: 'noise',
    says: 'denoising helps further when told the level',
    better: NOISE.levelGiven,
    worse: NOISE.augmentation,
  },
  {
    group: 'noise',
    says: 'denoising without the level hurts',
    better: NOISE.augmentation,
    worse: NOISE.levelHidden,
  },
];

/** How much better, and whether chance explains it; in shares of the test images. */
export type Verdict = {
  readonly difference: number;
  /** Half the width of the 95% interval of the difference; infinite for a single seed. */
  readonly margin: number;
  readonly verdict: 'held' | 'not held' | 'within noise';
};

// Student's t at 97.5%, by degrees of freedom from 1; more seeds use the last value, which is slightly too strict.
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/**
 * Tests a claim by the differences of equal seeds, which share initialisation, images and crops.
 *
 * @param better measures of the row that should be better, a value a seed
 * @param worse those of the other; seeds beyond the shorter of the two are left out
 * @returns the mean difference with its 95% interval by Student's t; `within noise` if that holds 0
 * @example
 * testClaim({ values: [0.5, 0.52] }, { values: [0.4, 0.42] }).verdict; // 'held'
 */
export function testClaim(
  better: Pick<Statistic, 'values'>,
  worse: Pick<Statistic, 'values'>,
): Verdict {
  const seeds = Math.min(better.values.length, worse.values.length);
  const differences = Array.from(
    { length: seeds },
    (_, i) => (better.values[i] ?? Number.NaN) - (worse.values[i] ?? Number.NaN),
  );
  const { mean: difference, deviation } = meanAndDeviation(differences);
  const t = T[Math.min(seeds - 1, T.length) - 1];
  const margin = t === undefined ? Number.POSITIVE_INFINITY : (t * deviation) / Math.sqrt(seeds);
  if (Math.abs(difference) <= margin) return { difference, margin, verdict: 'within noise' };
  return { difference, margin, verdict: difference > 0 ? 'held' : 'not held' };
}

/** A claim under one budget. */
export type TestedClaim = Claim & {
  readonly budget: Budget;
  readonly knn: Verdict;
  readonly probe: Verdict;
};

/**
 * Tests every claim whose two rows have results.
 *
 * @param lines of `linesOf`
 * @returns the claims, each budget on its own
 */
export function testClaims(lines: readonly Line[]): TestedClaim[] {
  const find = (group: string, row: string, budget: Budget): Line | undefined =>
    lines.find((line) => line.group === group && line.row === row && line.budget === budget);
  const budgets = [...new Set(lines.map(({ budget }) => budget))];
  return CLAIMS.flatMap((claim) =>
    budgets.flatMap((budget) => {
      const better = find(claim.group, claim.better, budget);
      const worse = find(claim.group, claim.worse, budget);
      if (!better?.knn || !better.probe || !worse?.knn || !worse.probe) return [];
      return [
        {
          ...claim,
          budget,
          knn: testClaim(better.knn, worse.knn),
          probe: testClaim(better.probe, worse.probe),
        },
      ];
    }),
  );
}
