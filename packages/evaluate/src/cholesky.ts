/**
 * Solves A·X = B for a symmetric positive definite A, in place, by Cholesky's factors.
 *
 * @param a `[n, n]`; its lower triangle is overwritten by the factor
 * @param n the size
 * @param b `[n, m]`; overwritten by X
 * @param m number of right sides
 * @returns `b`
 * @throws RangeError if A is not positive definite
 *
 * Golub and Van Loan, "Matrix computations", 4.2.
 */
export function solvePositive(
  a: Float64Array,
  n: number,
  b: Float64Array,
  m: number,
): Float64Array {
  factor(a, n);
  // L·Y = B downwards, then Lᵀ·X = Y upwards.
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtractRow(b, m, i, k, a[i * n + k] as number);
    scaleRow(b, m, i, 1 / (a[i * n + i] as number));
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(b, m, i, k, a[k * n + i] as number);
    scaleRow(b, m, i, 1 / (a[i * n + i] as number));
  }
  return b;
}

function factor(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      if (i !== j) a[i * n + j] = sum / (a[j * n + j] as number);
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else throw new RangeError(`solvePositive: the matrix is not positive definite (row ${i})`);
    }
  }
}

function subtractRow(b: Float64Array, m: number, to: number, from: number, factor: number): void {
  for (let c = 0; c < m; c++) {
    b[to * m + c] = (b[to * m + c] as number) - factor * (b[from * m + c] as number);
  }
}

function scaleRow(b: Float64Array, m: number, row: number, factor: number): void {
  for (let c = 0; c < m; c++) b[row * m + c] = (b[row * m + c] as number) * factor;
}
