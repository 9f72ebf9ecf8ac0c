import { shiftFor, spreadLimit, studentQuantile, testPower } from './student.ts';

/** The share of claims without a difference that an interval makes look true: those of 95% err so often. */
const LEVEL = 0.05;
/** How often a true difference is to be found. */
export const POWER = 0.8;
/** How sure a plan is that the true spread is not larger than it takes it for. */
const CONFIDENCE = 0.8;
/** More seeds than anybody trains. */
export const MOST_SEEDS = 1000;

/** The spread of paired differences: their standard deviation, and the degrees of freedom behind it. */
export type Spread = { readonly deviation: number; readonly df: number };

/** How many seeds a plan asks for. */
export type NeededSeeds = {
  /** If the true spread is that of the pilot; Infinity for more than {@link MOST_SEEDS}. */
  readonly seeds: number;
  /** If it is the largest that the pilot does not rule out, at 80% confidence. */
  readonly atMost: number;
};

/**
 * Half the width of the 95% interval of a mean difference.
 *
 * @param deviation standard deviation of the differences of equal seeds
 * @param seeds how many differences
 * @returns t · deviation / √seeds; Infinity for one seed
 * @example
 * marginOf(0.02, 5); // 0.0248
 */
export const marginOf = (deviation: number, seeds: number): number =>
  seeds < 2
    ? Number.POSITIVE_INFINITY
    : (studentQuantile(1 - LEVEL / 2, seeds - 1) * deviation) / Math.sqrt(seeds);

/**
 * The smallest true difference that an ablation finds in four of five repetitions.
 *
 * @param deviation standard deviation of the differences of equal seeds
 * @param seeds how many differences
 * @returns in the unit of the deviation; Infinity for one seed
 * @example
 * detectable(0.02, 5); // 0.0337
 */
export const detectable = (deviation: number, seeds: number): number =>
  seeds < 2
    ? Number.POSITIVE_INFINITY
    : (shiftFor(POWER, seeds - 1, LEVEL) * deviation) / Math.sqrt(seeds);

/**
 * How many seeds find a difference in four of five repetitions.
 *
 * @param size the true difference, above 0
 * @param deviation standard deviation of the differences of equal seeds, in the same unit
 * @returns at least 2; Infinity for more than {@link MOST_SEEDS}
 * @example
 * seedsFor(0.01, 0.02); // 34
 */
export function seedsFor(size: number, deviation: number): number {
  const finds = (seeds: number): boolean =>
    testPower((size / deviation) * Math.sqrt(seeds), seeds - 1, LEVEL) >= POWER;
  if (deviation === 0 || finds(2)) return 2;
  let [few, enough] = [2, 4];
  while (!finds(enough)) {
    if (enough > MOST_SEEDS) return Number.POSITIVE_INFINITY;
    [few, enough] = [enough, 2 * enough];
  }
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (finds(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}

/**
 * How many seeds a difference needs by the spread of a pilot.
 *
 * @param size the true difference, above 0
 * @param spread of the pilot
 * @returns by the pilot's spread, and by the largest that it does not rule out
 * @example
 * neededSeeds(0.01, { deviation: 0.01, df: 4 }); // { seeds: 10, atMost: 21 }
 */
export const neededSeeds = (size: number, { deviation, df }: Spread): NeededSeeds => ({
  seeds: seedsFor(size, deviation),
  atMost: seedsFor(size, deviation * spreadLimit(CONFIDENCE, df)),
});

/**
 * The common spread of several claims, which a pilot of few seeds knows better than that of one.
 *
 * @param spreads those of the claims
 * @returns the root of the mean variance, weighted by degrees of freedom; undefined where there are none
 * @example
 * pooled([{ deviation: 3, df: 1 }, { deviation: 4, df: 1 }]); // { deviation: 3.54, df: 2 }
 */
export function pooled(spreads: readonly Spread[]): Spread | undefined {
  const df = spreads.reduce((sum, spread) => sum + spread.df, 0);
  if (df === 0) return undefined;
  const squares = spreads.reduce((sum, spread) => sum + spread.df * spread.deviation ** 2, 0);
  return { deviation: Math.sqrt(squares / df), df };
}
