/** Mean and deviation of each column of rows. */
export type Columns = { readonly mean: Float64Array; readonly deviation: Float64Array };

/**
 * Mean and (population) standard deviation of each column, summed in float64.
 *
 * @param features `[M, D]`
 * @param width D
 * @returns `[D]` each
 */
export function columnsOf(features: Float32Array, width: number): Columns {
  const rows = features.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let c = 0; c < width; c++) {
    let sum = 0;
    for (let i = c; i < features.length; i += width) sum += features[i] as number;
    const middle = sum / rows;
    let squares = 0;
    for (let i = c; i < features.length; i += width) {
      squares += ((features[i] as number) - middle) ** 2;
    }
    mean[c] = middle;
    deviation[c] = Math.sqrt(squares / rows);
  }
  return { mean, deviation };
}

/**
 * (x − mean) / spread, column by column.
 *
 * @param features `[M, D]`; left as it is
 * @param mean `[D]`
 * @param spread `[D]`, above 0
 * @returns `[M, D]`
 */
export function standardized(
  features: Float32Array,
  mean: Float64Array,
  spread: Float64Array,
): Float32Array {
  const width = mean.length;
  const out = new Float32Array(features.length);
  for (let c = 0; c < width; c++) {
    const [middle, divisor] = [mean[c] as number, spread[c] as number];
    for (let i = c; i < features.length; i += width) {
      out[i] = ((features[i] as number) - middle) / divisor;
    }
  }
  return out;
}
