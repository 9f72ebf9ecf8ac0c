import { meanAndDeviation } from '@twocan/evaluate';
import { ALL_LOSSES, AS_GIVEN, LOSSES, NOISE, VIEWS_CHANGED } from './grid.ts';
import type { Line, Statistic } from './lines.ts';
import type { Budget } from './plan.ts';
import { detectable, marginOf } from './power/power.ts';

/** That one row of a group is better than another. */
export type Claim = {
  readonly group: string;
  readonly says: string;
  readonly better: string;
  readonly worse: string;
};

/** The claims of the paper about noise, that the whole method is better than its parts, and that a change of the views helps. */
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
  ...VIEWS_CHANGED.filter(({ name }) => name !== AS_GIVEN).map(({ group, name }) => ({
    group,
    says: `${name} is better`,
    better: name,
    worse: AS_GIVEN,
  })),
];

/** How much better, and whether chance explains it; in shares of the test images. */
export type Verdict = {
  readonly difference: number;
  /** Half the width of the 95% interval of the difference; infinite for a single seed. */
  readonly margin: number;
  /** The smallest true difference that as many seeds find in four of five repetitions. */
  readonly detectable: number;
  /** Standard deviation of the differences, and how many there are. */
  readonly deviation: number;
  readonly seeds: number;
  readonly verdict: 'held' | 'not held' | 'within noise';
};

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
  const margin = marginOf(deviation, seeds);
  const found = { difference, margin, detectable: detectable(deviation, seeds), deviation, seeds };
  if (Math.abs(difference) <= margin) return { ...found, verdict: 'within noise' };
  return { ...found, verdict: difference > 0 ? 'held' : 'not held' };
}

/** The line of a row. */
export const findLine = (
  lines: readonly Line[],
  group: string,
  row: string,
  budget: Budget,
): Line | undefined =>
  lines.find((line) => line.group === group && line.row === row && line.budget === budget);

/** The values of the seeds that two rows both have. */
export function paired<T>(
  better: { readonly which: readonly number[]; readonly values: readonly T[] },
  worse: { readonly which: readonly number[]; readonly values: readonly T[] },
): { readonly better: readonly T[]; readonly worse: readonly T[] } {
  const both = better.which.filter((seed) => worse.which.includes(seed));
  const of = ({ which, values }: typeof better): T[] =>
    both.flatMap((seed) => values.slice(which.indexOf(seed), which.indexOf(seed) + 1));
  return { better: of(better), worse: of(worse) };
}

/** A claim under one budget. */
export type TestedClaim = Claim & {
  readonly budget: Budget;
  readonly knn: Verdict;
  readonly probe: Verdict;
};

/** Undefined where no seed has numbers of both rows. */
function testedOn(
  better: Line | undefined,
  worse: Line | undefined,
  measure: 'knn' | 'probe',
): Verdict | undefined {
  const [one, other] = [better?.[measure], worse?.[measure]];
  if (!better || !worse || !one || !other) return undefined;
  const values = paired(
    { which: better.which, values: one.values },
    { which: worse.which, values: other.values },
  );
  if (values.better.length === 0) return undefined;
  return testClaim({ values: values.better }, { values: values.worse });
}

/**
 * Tests every claim whose two rows have results.
 *
 * @param lines of `linesOf`
 * @returns the claims, each budget on its own
 */
export function testClaims(lines: readonly Line[]): TestedClaim[] {
  const budgets = [...new Set(lines.map(({ budget }) => budget))];
  return CLAIMS.flatMap((claim) =>
    budgets.flatMap((budget) => {
      const better = findLine(lines, claim.group, claim.better, budget);
      const worse = findLine(lines, claim.group, claim.worse, budget);
      const knn = testedOn(better, worse, 'knn');
      const probe = testedOn(better, worse, 'probe');
      return knn && probe ? [{ ...claim, budget, knn, probe }] : [];
    }),
  );
}
