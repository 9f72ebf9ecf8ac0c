/** Feature vectors with their classes: row i of `features` belongs to `labels[i]`. */
export type LabelledFeatures = {
  /** `[M, D]`, row by row. */
  readonly features: Float32Array;
  /** `[M]`, 0 or more. */
  readonly labels: Int32Array;
};

/**
 * The width D of M rows, checked.
 *
 * @param caller the function that asks, named in the error
 * @param argument the argument's name
 * @param features `[M, D]`
 * @param rows M
 * @returns D
 * @throws RangeError if there are no rows, the features do not divide into them, or one is not finite
 */
export function widthOf(
  caller: string,
  argument: string,
  features: Float32Array,
  rows: number,
): number {
  const width = features.length / rows;
  if (rows < 1 || width < 1 || !Number.isInteger(width)) {
    throw new RangeError(
      `${caller}: ${argument} must have whole rows, got ${features.length} values for ${rows} rows`,
    );
  }
  const bad = features.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new RangeError(
      `${caller}: ${argument} must be finite, got ${features[bad]} in row ${Math.floor(bad / width)}`,
    );
  }
  return width;
}

/** The mean row, `[D]`, summed in float64. */
export function meanRow(features: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < features.length; i++) {
    mean[i % width] = (mean[i % width] ?? 0) + (features[i] ?? 0);
  }
  const rows = features.length / width;
  return mean.map((sum) => sum / rows);
}

/**
 * Rows minus `centre`, scaled to length 1; a row that equals the centre up to float32 rounding
 * becomes zero, or its rounding error would pass for a direction.
 */
export function unitRows(
  features: Float32Array,
  width: number,
  centre: Float64Array | undefined,
): Float32Array {
  const out = new Float32Array(features.length);
  for (let start = 0; start < features.length; start += width) {
    let squares = 0;
    let before = 0;
    for (let i = 0; i < width; i++) {
      const own = features[start + i] ?? 0;
      const x = own - (centre?.[i] ?? 0);
      before += own * own;
      out[start + i] = x;
      squares += x * x;
    }
    const scale = squares > 1e-14 * before ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < width; i++) out[start + i] = (out[start + i] ?? 0) * scale;
  }
  return out;
}
