// The optimizer's update, and the product with a kept slope.
import { fma, loadPart, splat, storePart } from './lanes';

/**
 * AdamW: m' = b1·m + (1-b1)·g, v' = b2·v + (1-b2)·g², p' = keep·p - rate·m'/(c·√v' + ε).
 * `rate` is η/(1-b1^t), `c` is 1/√(1-b2^t), `keep` is 1 - η·λ. Loshchilov & Hutter, arXiv 1711.05101.
 */
export function adamw(
  p: usize, g: usize, m: usize, v: usize, p1: usize, m1: usize, v1: usize, b1: f32, b2: f32,
  rest1: f32, rest2: f32, rate: f32, epsilon: f32, keep: f32, c: f32, first: usize, last: usize,
): void {
  const vb1 = splat(b1), vb2 = splat(b2), r1 = splat(rest1), r2 = splat(rest2);
  const vRate = splat(rate), vEps = splat(epsilon), vKeep = splat(keep), vc = splat(c);
  for (let i = first; i < last; i += 4) {
    const o = i << 2, n = min<usize>(4, last - i), whole = n == 4;
    const g4 = whole ? v128.load(g + o) : loadPart(g + o, n, 0);
    const m4 = whole ? v128.load(m + o) : loadPart(m + o, n, 0);
    const v4 = whole ? v128.load(v + o) : loadPart(v + o, n, 0);
    const p4 = whole ? v128.load(p + o) : loadPart(p + o, n, 0);
    const nextM = f32x4.add(f32x4.mul(vb1, m4), f32x4.mul(r1, g4));
    const nextV = f32x4.add(f32x4.mul(vb2, v4), f32x4.mul(r2, f32x4.mul(g4, g4)));
    const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(nextV), vc), vEps);
    const nextP = f32x4.sub(f32x4.mul(p4, vKeep), f32x4.mul(f32x4.div(nextM, deviation), vRate));
    if (whole) {
      v128.store(m1 + o, nextM);
      v128.store(v1 + o, nextV);
      v128.store(p1 + o, nextP);
    } else {
      storePart(m1 + o, nextM, n);
      storePart(v1 + o, nextV, n);
      storePart(p1 + o, nextP, n);
    }
  }
}

/** Item i: d = dy·slope for the i-th block of `height` rows of n, and the column sums of d in sums[i]. */
export function slopeRows(
  dy: usize, slope: usize, d: usize, sums: usize, rows: usize, n: usize, height: usize,
  first: usize, last: usize,
): void {
  for (let i = first; i < last; ++i) {
    const total = sums + ((i * n) << 2);
    memory.fill(total, 0, n << 2);
    const end = min(rows, (i + 1) * height);
    for (let r = i * height; r < end; ++r) {
      const o = (r * n) << 2;
      let c: usize = 0;
      for (; c + 4 <= n; c += 4) {
        const at = o + (c << 2);
        const v = f32x4.mul(v128.load(dy + at), v128.load(slope + at));
        v128.store(d + at, v);
        v128.store(total + (c << 2), f32x4.add(v128.load(total + (c << 2)), v));
      }
      for (; c < n; ++c) {
        const at = o + (c << 2);
        const v = load<f32>(dy + at) * load<f32>(slope + at);
        store<f32>(d + at, v);
        store<f32>(total + (c << 2), load<f32>(total + (c << 2)) + v);
      }
    }
  }
}
