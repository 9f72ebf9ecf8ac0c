// Kernels of whole rows: softmax, layer normalisation, row scaling.
import { expNegative } from './functions';
import { fma, loadPart, maxLanes, splat, storePart, sumLanes } from './lanes';

/** y = softmax(scale·x) of each row; x and y may be the same. */
export function softmaxRows(x: usize, y: usize, first: usize, last: usize, n: usize, scale: f32): void {
  const n4 = n & ~3, rest = n & 3;
  const s4 = splat(scale);
  x += (first * n) << 2;
  y += (first * n) << 2;
  for (let r = first; r < last; ++r) {
    let m = splat(-Infinity);
    let c: usize = 0;
    for (; c < n4; c += 4) m = f32x4.pmax(m, v128.load(x + (c << 2)));
    if (rest) m = f32x4.pmax(m, loadPart(x + (c << 2), rest, -Infinity));
    const top = splat(maxLanes(m));
    let total = splat(0);
    for (c = 0; c < n4; c += 4) {
      const e = expNegative(f32x4.mul(f32x4.sub(v128.load(x + (c << 2)), top), s4));
      total = f32x4.add(total, e);
      v128.store(y + (c << 2), e);
    }
    if (rest) {
      const part = loadPart(x + (c << 2), rest, -Infinity);
      const e = expNegative(f32x4.mul(f32x4.sub(part, top), s4));
      total = f32x4.add(total, e);
      storePart(y + (c << 2), e, rest);
    }
    const inverse: f32 = 1 / sumLanes(total);
    const inverse4 = splat(inverse);
    for (c = 0; c < n4; c += 4) {
      v128.store(y + (c << 2), f32x4.mul(v128.load(y + (c << 2)), inverse4));
    }
    for (; c < n; ++c) store<f32>(y + (c << 2), load<f32>(y + (c << 2)) * inverse);
    x += n << 2;
    y += n << 2;
  }
}

/** dx = scale·y·(dy - Σ y·dy) of each row; dy and dx may be the same. */
export function softmaxGradientRows(
  y: usize, dy: usize, dx: usize, first: usize, last: usize, n: usize, scale: f32,
): void {
  const n4 = n & ~3;
  const s4 = splat(scale);
  const skip = (first * n) << 2;
  y += skip;
  dy += skip;
  dx += skip;
  for (let r = first; r < last; ++r) {
    let s = splat(0);
    let c: usize = 0;
    for (; c < n4; c += 4) s = fma(s, v128.load(y + (c << 2)), v128.load(dy + (c << 2)));
    let along = sumLanes(s);
    for (; c < n; ++c) along += load<f32>(y + (c << 2)) * load<f32>(dy + (c << 2));
    const along4 = splat(along);
    for (c = 0; c < n4; c += 4) {
      const d = f32x4.sub(v128.load(dy + (c << 2)), along4);
      v128.store(dx + (c << 2), f32x4.mul(s4, f32x4.mul(v128.load(y + (c << 2)), d)));
    }
    for (; c < n; ++c) {
      store<f32>(dx + (c << 2), scale * load<f32>(y + (c << 2)) * (load<f32>(dy + (c << 2)) - along));
    }
    y += n << 2;
    dy += n << 2;
    dx += n << 2;
  }
}

/** Layer normalisation; the mean and the inverse deviation of each row are kept. */
export function layerNormRows(
  x: usize, scale: usize, bias: usize, y: usize, means: usize, inverses: usize, first: usize,
  last: usize, n: usize, epsilon: f32,
): void {
  const n4 = n & ~3, rest = n & 3;
  const over: f32 = 1 / <f32>n;
  x += (first * n) << 2;
  y += (first * n) << 2;
  for (let r = first; r < last; ++r) {
    let s = splat(0);
    let c: usize = 0;
    for (; c < n4; c += 4) s = f32x4.add(s, v128.load(x + (c << 2)));
    if (rest) s = f32x4.add(s, loadPart(x + (c << 2), rest, 0));
    const mean: f32 = sumLanes(s) * over;
    const mean4 = splat(mean);
    s = splat(0);
    for (c = 0; c < n4; c += 4) {
      const d = f32x4.sub(v128.load(x + (c << 2)), mean4);
      s = fma(s, d, d);
    }
    if (rest) {
      const d = f32x4.sub(loadPart(x + (c << 2), rest, mean), mean4);
      s = fma(s, d, d);
    }
    const inverse: f32 = 1 / sqrt<f32>(sumLanes(s) * over + epsilon);
    const inverse4 = splat(inverse);
    store<f32>(means + (r << 2), mean);
    store<f32>(inverses + (r << 2), inverse);
    for (c = 0; c < n4; c += 4) {
      const o = c << 2;
      const h = f32x4.mul(f32x4.sub(v128.load(x + o), mean4), inverse4);
      v128.store(y + o, fma(v128.load(bias + o), h, v128.load(scale + o)));
    }
    for (; c < n; ++c) {
      const o = c << 2;
      const h = (load<f32>(x + o) - mean) * inverse;
      store<f32>(y + o, load<f32>(bias + o) + h * load<f32>(scale + o));
    }
    x += n << 2;
    y += n << 2;
  }
}

/** Gradients of layer normalisation; those of scale and bias are sums over this range of rows. */
export function layerNormGradientRows(
  x: usize, scale: usize, dy: usize, dx: usize, means: usize, inverses: usize, dScale: usize,
  dBias: usize, first: usize, last: usize, n: usize,
): void {
  const n4 = n & ~3;
  const over: f32 = 1 / <f32>n;
  memory.fill(dScale, 0, n << 2);
  memory.fill(dBias, 0, n << 2);
  const skip = (first * n) << 2;
  x += skip;
  dy += skip;
  dx += skip;
  for (let r = first; r < last; ++r) {
    const mean = load<f32>(means + (r << 2)), inverse = load<f32>(inverses + (r << 2));
    const mean4 = splat(mean), inverse4 = splat(inverse);
    let s = splat(0), t = splat(0);
    let c: usize = 0;
    for (; c < n4; c += 4) {
      const o = c << 2;
      const d = v128.load(dy + o);
      const h = f32x4.mul(f32x4.sub(v128.load(x + o), mean4), inverse4);
      const g = f32x4.mul(d, v128.load(scale + o));
      s = f32x4.add(s, g);
      t = fma(t, g, h);
      v128.store(dScale + o, fma(v128.load(dScale + o), d, h));
      v128.store(dBias + o, f32x4.add(v128.load(dBias + o), d));
    }
    let meanG = sumLanes(s), along = sumLanes(t);
    for (; c < n; ++c) {
      const o = c << 2;
      const d = load<f32>(dy + o);
      const h = (load<f32>(x + o) - mean) * inverse;
      const g = d * load<f32>(scale + o);
      meanG += g;
      along += g * h;
      store<f32>(dScale + o, load<f32>(dScale + o) + d * h);
      store<f32>(dBias + o, load<f32>(dBias + o) + d);
    }
    meanG *= over;
    along *= over;
    const meanG4 = splat(meanG), along4 = splat(along);
    for (c = 0; c < n4; c += 4) {
      const o = c << 2;
      const h = f32x4.mul(f32x4.sub(v128.load(x + o), mean4), inverse4);
      const g = f32x4.mul(v128.load(dy + o), v128.load(scale + o));
      const d = f32x4.sub(f32x4.sub(g, meanG4), f32x4.mul(h, along4));
      v128.store(dx + o, f32x4.mul(inverse4, d));
    }
    for (; c < n; ++c) {
      const o = c << 2;
      const h = (load<f32>(x + o) - mean) * inverse;
      const g = load<f32>(dy + o) * load<f32>(scale + o);
      store<f32>(dx + o, inverse * (g - meanG - h * along));
    }
    x += n << 2;
    dy += n << 2;
    dx += n << 2;
  }
}
