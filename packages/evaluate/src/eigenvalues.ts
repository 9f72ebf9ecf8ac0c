/**
 * Eigenvalues of a symmetric matrix, in no order: Householder reduction to tridiagonal form, then
 * implicit QL. Without vectors this is (4/3) n³ operations: a quarter of a second for n = 768, where
 * a decomposition that also finds the vectors takes six times as long.
 *
 * @param matrix `[n, n]`; overwritten
 * @param n the size
 * @returns `[n]`
 *
 * Golub and Van Loan, "Matrix computations", 8.3; the arrangement of EISPACK's tred1 and tql1.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const { diagonal, offDiagonal } = tridiagonal(matrix, n);
  implicitQL(diagonal, offDiagonal);
  return diagonal;
}

function tridiagonal(
  a: Float64Array,
  n: number,
): { diagonal: Float64Array; offDiagonal: Float64Array } {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n); // offDiagonal[i] couples i-1 and i
  for (let i = n - 1; i > 0; i--) {
    const v = a.subarray(i * n, i * n + i); // the row left of the diagonal, made the reflector
    const norm = Math.hypot(...chunkNorms(v));
    const last = v[i - 1] as number;
    const alpha = last > 0 ? -norm : norm;
    diagonal[i] = a[i * n + i] as number;
    offDiagonal[i] = alpha;
    if (norm === 0) continue;
    v[i - 1] = last - alpha;
    const half = norm * norm - last * alpha; // |v|² / 2
    // p = A v / half; q = p - (v·p / 2 half) v; A ← A - v qᵀ - q vᵀ, on the lower triangle.
    const p = new Float64Array(i);
    for (let row = 0; row < i; row++) {
      const own = v[row] as number;
      let sum = (a[row * n + row] as number) * own;
      for (let column = 0; column < row; column++) {
        const entry = a[row * n + column] as number;
        sum += entry * (v[column] as number);
        p[column] = (p[column] as number) + entry * own;
      }
      p[row] = (p[row] as number) + sum;
    }
    let along = 0;
    for (let row = 0; row < i; row++) along += (v[row] as number) * (p[row] as number);
    const shift = along / (2 * half);
    for (let row = 0; row < i; row++)
      p[row] = ((p[row] as number) - shift * (v[row] as number)) / half;
    for (let row = 0; row < i; row++) {
      const [ownV, ownP] = [v[row] as number, p[row] as number];
      const start = row * n;
      for (let column = 0; column <= row; column++) {
        a[start + column] =
          (a[start + column] as number) -
          ownV * (p[column] as number) -
          ownP * (v[column] as number);
      }
    }
  }
  diagonal[0] = a[0] as number;
  return { diagonal, offDiagonal };
}

/** Norms of pieces of a vector: spreading all of a long one into a call could exceed the stack. */
function chunkNorms(v: Float64Array): number[] {
  const norms: number[] = [];
  for (let i = 0; i < v.length; i += 1024) norms.push(Math.hypot(...v.subarray(i, i + 1024)));
  return norms;
}

function implicitQL(d: Float64Array, offDiagonal: Float64Array): void {
  const n = d.length;
  const e = new Float64Array(n);
  e.set(offDiagonal.subarray(1)); // e[i] couples i and i+1
  for (let low = 0; low < n; low++) {
    for (let round = 0; ; round++) {
      let high = low;
      while (high < n - 1) {
        const scale = Math.abs(d[high] as number) + Math.abs(d[high + 1] as number);
        if (Math.abs(e[high] as number) <= Number.EPSILON * scale) break;
        high++;
      }
      if (high === low) break;
      if (round === 60) throw new Error('symmetricEigenvalues: no convergence in 60 rounds');
      // Wilkinson's shift, then one sweep of rotations that chases the bulge from `high` to `low`.
      let g = ((d[low + 1] as number) - (d[low] as number)) / (2 * (e[low] as number));
      const root = Math.hypot(g, 1);
      g =
        (d[high] as number) -
        (d[low] as number) +
        (e[low] as number) / (g + (g < 0 ? -root : root));
      let [sine, cosine, carried] = [1, 1, 0];
      let i = high - 1;
      for (; i >= low; i--) {
        const f = sine * (e[i] as number);
        const b = cosine * (e[i] as number);
        const length = Math.hypot(f, g);
        e[i + 1] = length;
        if (length === 0) {
          d[i + 1] = (d[i + 1] as number) - carried;
          e[high] = 0;
          break;
        }
        sine = f / length;
        cosine = g / length;
        g = (d[i + 1] as number) - carried;
        const turned = ((d[i] as number) - g) * sine + 2 * cosine * b;
        carried = sine * turned;
        d[i + 1] = g + carried;
        g = cosine * turned - b;
      }
      if (i >= low) continue;
      d[low] = (d[low] as number) - carried;
      e[low] = g;
      e[high] = 0;
    }
  }
}
