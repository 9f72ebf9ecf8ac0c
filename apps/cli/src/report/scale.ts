/**
 * Round numbers that cover a range: 1, 2 or 5 times a power of ten apart.
 *
 * @param low the smallest value
 * @param high the largest value
 * @param count about how many
 * @returns at least two ticks, the first at or below `low`, the last at or above `high`
 */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const raw = span / Math.max(1, count - 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  // Multiples of the step, rounded: 3 * 0.1 is not 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/**
 * A number as a person writes it.
 *
 * @param value any finite number; undefined or NaN where there is none
 * @returns three or four digits: `0.0042`, `1.5`, `12k`, `3e-6`; a dash for what is missing
 */
export function brief(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(3))}k`;
  if (size < 1e-3) return value.toExponential(1).replace('.0e', 'e');
  return String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
}

/** A point of a curve: step and value. */
export type Point = readonly [x: number, y: number];

/** A curve thinned out: mean, smallest and largest value of each stretch. */
export type Thinned = { readonly mean: readonly Point[]; readonly band: readonly Band[] };
type Band = readonly [x: number, low: number, high: number];

/**
 * Thins a long curve out to what can be seen.
 *
 * @param points in order of x
 * @param most how many to keep
 * @returns the points themselves if they are few, else means of equal stretches with their range
 */
export function thin(points: readonly Point[], most: number): Thinned {
  if (points.length <= most) return { mean: points, band: [] };
  const stretches = Array.from({ length: most }, (_, i) =>
    points.slice(
      Math.floor((i * points.length) / most),
      Math.floor(((i + 1) * points.length) / most),
    ),
  );
  const average = (values: readonly number[]): number =>
    values.reduce((a, b) => a + b, 0) / values.length;
  const means = stretches.map((part) => average(part.map(([x]) => x)));
  return {
    mean: stretches.map((part, i): Point => [means[i] ?? 0, average(part.map(([, y]) => y))]),
    band: stretches.map((part, i): Band => {
      const values = part.map(([, y]) => y);
      const { low, high } = ends(values);
      return [means[i] ?? 0, low, high];
    }),
  };
}

/**
 * The smallest and the largest of however many numbers.
 *
 * @param values the numbers
 * @returns both; Infinity and -Infinity where there are none
 */
export function ends(values: readonly number[]): { readonly low: number; readonly high: number } {
  return {
    low: values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    high: values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  };
}
