// Moves of 4-byte elements: strided blocks, transposes, rows by index.
import { addInto } from './lanes';
import { storeTransposed } from './gemm';

/**
 * A block of 6 axes, outermost first: `dims` holds 6 sizes, then their 6 steps in x, then 6 in y, in
 * elements. An item is one index of all axes but the last.
 */
export function copyBlock(x: usize, y: usize, dims: usize, first: usize, last: usize): void {
  const d1 = load<u32>(dims, 4), d2 = load<u32>(dims, 8), d3 = load<u32>(dims, 12), d4 = load<u32>(dims, 16);
  const n = <usize>load<u32>(dims, 20);
  const x0 = load<u32>(dims, 24), x1 = load<u32>(dims, 28), x2 = load<u32>(dims, 32);
  const x3 = load<u32>(dims, 36), x4 = load<u32>(dims, 40), x5 = load<u32>(dims, 44) << 2;
  const y0 = load<u32>(dims, 48), y1 = load<u32>(dims, 52), y2 = load<u32>(dims, 56);
  const y3 = load<u32>(dims, 60), y4 = load<u32>(dims, 64), y5 = load<u32>(dims, 68) << 2;
  for (let r = first; r < last; ++r) {
    let q = <u32>r;
    const i4 = q % d4; q /= d4;
    const i3 = q % d3; q /= d3;
    const i2 = q % d2; q /= d2;
    const i1 = q % d1; q /= d1;
    let from = x + ((q * x0 + i1 * x1 + i2 * x2 + i3 * x3 + i4 * x4) << 2);
    let to = y + ((q * y0 + i1 * y1 + i2 * y2 + i3 * y3 + i4 * y4) << 2);
    let left = n;
    if (x5 == 4 && y5 == 4) {
      if (left >= 64) {
        memory.copy(to, from, left << 2);
        continue;
      }
      for (; left >= 4; left -= 4) {
        v128.store(to, v128.load(from));
        from += 16;
        to += 16;
      }
    } else if (x5 == 0 && y5 == 4) {
      const v = v128.load_splat<u32>(from);
      for (; left >= 4; left -= 4) {
        v128.store(to, v);
        to += 16;
      }
    }
    for (; left > 0; --left) {
      store<u32>(to, load<u32>(from));
      from += x5;
      to += y5;
    }
  }
}

/**
 * Transposed planes: y[i.., j, k] = x[i.., k, j] where j steps 1 in x, k steps 1 in y. `dims` holds
 * 4 outer sizes, 4 steps in x, 4 in y, then rows j, columns k, x's step of k, y's step of j.
 * An item is a band of 32 rows j of one plane.
 */
export function transposePlanes(x: usize, y: usize, dims: usize, first: usize, last: usize): void {
  const d1 = load<u32>(dims, 4), d2 = load<u32>(dims, 8), d3 = load<u32>(dims, 12);
  const x0 = load<u32>(dims, 16), x1 = load<u32>(dims, 20), x2 = load<u32>(dims, 24), x3 = load<u32>(dims, 28);
  const y0 = load<u32>(dims, 32), y1 = load<u32>(dims, 36), y2 = load<u32>(dims, 40), y3 = load<u32>(dims, 44);
  const rows = <usize>load<u32>(dims, 48), columns = <usize>load<u32>(dims, 52);
  const stepX = <usize>load<u32>(dims, 56) << 2, stepY = <usize>load<u32>(dims, 60) << 2;
  const bands = (rows + 31) >> 5;
  for (let item = first; item < last; ++item) {
    let q = <u32>(item / bands);
    const i3 = q % d3; q /= d3;
    const i2 = q % d2; q /= d2;
    const i1 = q % d1; q /= d1;
    const from = x + ((q * x0 + i1 * x1 + i2 * x2 + i3 * x3) << 2);
    const to = y + ((q * y0 + i1 * y1 + i2 * y2 + i3 * y3) << 2);
    const j0 = (item % bands) << 5, j1 = min(rows, j0 + 32);
    for (let kb: usize = 0; kb < columns; kb += 32) {
      const k1 = min(columns, kb + 32);
      let k = kb;
      for (; k + 4 <= k1; k += 4) {
        let j = j0;
        for (; j + 4 <= j1; j += 4) {
          const s = from + k * stepX + (j << 2);
          const r0 = v128.load(s), r1 = v128.load(s + stepX);
          const r2 = v128.load(s + 2 * stepX), r3 = v128.load(s + 3 * stepX);
          storeTransposed(to + j * stepY + (k << 2), stepY, r0, r1, r2, r3);
        }
        for (; j < j1; ++j) {
          for (let i: usize = k; i < k + 4; ++i) {
            store<u32>(to + j * stepY + (i << 2), load<u32>(from + i * stepX + (j << 2)));
          }
        }
      }
      for (; k < k1; ++k) {
        for (let j = j0; j < j1; ++j) {
          store<u32>(to + j * stepY + (k << 2), load<u32>(from + k * stepX + (j << 2)));
        }
      }
    }
  }
}

/**
 * y[b, o, i, :] = x[b, o, index[b, i], :], rows of n: `outer` is the number of o, `size` of x's rows,
 * `count` of indices. An index out of range takes a row of `other` (0: zeros). An item is one row of y.
 */
export function gatherRows(
  x: usize, index: usize, y: usize, outer: usize, size: usize, count: usize, n: usize,
  other: usize, first: usize, last: usize,
): void {
  const bytes = n << 2;
  for (let r = first; r < last; ++r) {
    const i = r % count, group = r / count;
    const at = <usize>load<u32>(index + (((group / outer) * count + i) << 2));
    const to = y + r * bytes;
    if (at < size) memory.copy(to, x + (group * size + at) * bytes, bytes);
    else if (other) memory.copy(to, other, bytes);
    else memory.fill(to, 0, bytes);
  }
}

/**
 * y[index[i], :] += x[i, :] for rows of n floats, from zero; an index out of range is dropped. An item
 * is a band of 64 columns, so that the order of the sums is that of the rows.
 */
export function segmentSum(
  x: usize, index: usize, y: usize, rows: usize, segments: usize, n: usize, first: usize,
  last: usize,
): void {
  for (let band = first; band < last; ++band) {
    const c = band << 6, w = min<usize>(64, n - c);
    for (let s: usize = 0; s < segments; ++s) memory.fill(y + ((s * n + c) << 2), 0, w << 2);
    for (let i: usize = 0; i < rows; ++i) {
      const at = <usize>load<u32>(index + (i << 2));
      if (at < segments) addInto(y + ((at * n + c) << 2), x + ((i * n + c) << 2), w);
    }
  }
}

/** Sets 4-byte elements. */
export function fill(y: usize, bits: u32, first: usize, last: usize): void {
  const v = i32x4.splat(bits);
  let p = y + (first << 2), n = last - first;
  for (; n >= 4; n -= 4) {
    v128.store(p, v);
    p += 16;
  }
  for (; n > 0; --n) {
    store<u32>(p, bits);
    p += 4;
  }
}
