/** A table of s/σ, the spread of a sample beside the true one: values and their probabilities. */
type Spreads = readonly (readonly [ratio: number, probability: number])[];

/** Intervals of Simpson's rule: the density of few degrees of freedom is cut off at 0, and wide. */
const intervalsFor = (df: number): number => (df < 10 ? 700 : 140);
/** Deviations of s/σ beyond which nothing is left to add. */
const REACH = 7;

/**
 * The distribution function of the standard normal, exact to the last digits.
 *
 * @param x any number
 * @returns P(Z ≤ x)
 * @example
 * normalBelow(1.959964); // 0.975
 *
 * Marsaglia, "Evaluating the normal distribution", 2004.
 */
export function normalBelow(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [sum, term] = [x, x];
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x) * (1 / Math.sqrt(2 * Math.PI));
}

/** Simpson's rule over the density of √(χ²_df / df), which is x^(df−1) e^(−df x²/2) but for a factor. */
function spreads(df: number): Spreads {
  const deviation = 1 / Math.sqrt(2 * df);
  const from = Math.max(0, 1 - REACH * deviation);
  const intervals = intervalsFor(df);
  const width = (1 + REACH * deviation - from) / intervals;
  const points = Array.from({ length: intervals + 1 }, (_, i) => {
    const ratio = from + i * width;
    const simpson = i === 0 || i === intervals ? 1 : 2 + 2 * (i % 2);
    // Divided by its value at 1, which keeps it in range for any df.
    const power = df === 1 ? 1 : ratio ** (df - 1);
    return [ratio, simpson * power * Math.exp((df * (1 - ratio * ratio)) / 2)] as const;
  });
  const all = points.reduce((sum, [, weight]) => sum + weight, 0);
  return points.map(([ratio, weight]) => [ratio, weight / all]);
}

/** P((Z + δ) / (s/σ) ≤ t): the sum of P(Z ≤ t·s/σ − δ) over the spreads. */
const below = (table: Spreads, t: number, shift: number): number =>
  table.reduce((sum, [ratio, weight]) => sum + weight * normalBelow(t * ratio - shift), 0);

/** Where a growing function reaches a value, by halving. */
function solve(of: (x: number) => number, value: number, high: number): number {
  let [low, top] = [0, high];
  while (of(top) < value) [low, top] = [top, 2 * top];
  for (let i = 0; i < 60 && top - low > 1e-9 * top; i++) {
    const middle = (low + top) / 2;
    if (of(middle) < value) low = middle;
    else top = middle;
  }
  return (low + top) / 2;
}

/**
 * The quantile of Student's t.
 *
 * @param probability from 0.5 to below 1
 * @param df degrees of freedom, at least 1
 * @returns the t that is exceeded with probability 1 − `probability`
 * @example
 * studentQuantile(0.975, 4); // 2.776
 */
export function studentQuantile(probability: number, df: number): number {
  const table = spreads(df);
  return solve((t) => below(table, t, 0), probability, 4);
}

/**
 * The power of a two-sided t-test of one mean, such as that of paired differences.
 *
 * @param shift the true mean in standard errors, δ: difference · √n / deviation; at least 0
 * @param df degrees of freedom, n − 1
 * @param level the share of false alarms, 0.05 for 95% intervals
 * @returns the probability that the interval leaves 0 out, by the noncentral t distribution
 * @example
 * testPower(0.5 * Math.sqrt(34), 33, 0.05); // 0.808
 */
export function testPower(shift: number, df: number, level: number): number {
  const table = spreads(df);
  return powerAt(
    table,
    solve((t) => below(table, t, 0), 1 - level / 2, 4),
    shift,
  );
}

const powerAt = (table: Spreads, critical: number, shift: number): number =>
  1 - below(table, critical, shift) + below(table, -critical, shift);

/**
 * The true mean, in standard errors, that a two-sided t-test finds with a given power.
 *
 * @param power from `level` to below 1
 * @param df degrees of freedom
 * @param level the share of false alarms
 * @returns the δ at which {@link testPower} is `power`
 * @example
 * shiftFor(0.8, 33, 0.05) / Math.sqrt(34); // 0.495
 */
export function shiftFor(power: number, df: number, level: number): number {
  const table = spreads(df);
  const critical = solve((t) => below(table, t, 0), 1 - level / 2, 4);
  return solve((shift) => powerAt(table, critical, shift), power, 4);
}

/**
 * How much larger the true spread may be than that of a sample: its upper confidence limit.
 *
 * @param confidence above 0 and below 1
 * @param df degrees of freedom of the sample's spread
 * @returns the factor on it, √(df / χ²_df at 1 − `confidence`)
 * @example
 * spreadLimit(0.8, 4); // 1.558
 */
export function spreadLimit(confidence: number, df: number): number {
  const table = spreads(df);
  const intervals = intervalsFor(df);
  const weight = (i: number): number => table[i]?.[1] ?? 0;
  // Simpson's rule holds for pairs of intervals, with half the weight at the ends of a pair.
  let [at, sum, part] = [0, 0, 0];
  while (at < intervals && sum + part < 1 - confidence) {
    sum += part;
    const first = at === 0 ? weight(0) : weight(at) / 2;
    const last = at + 2 === intervals ? weight(intervals) : weight(at + 2) / 2;
    part = first + weight(at + 1) + last;
    at += 2;
  }
  const [left = 0, right = 1] = [table[at - 2]?.[0], table[at]?.[0]];
  return 1 / (left + ((right - left) * (1 - confidence - sum)) / part);
}
