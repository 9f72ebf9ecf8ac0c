// AdamW (Loshchilov & Hutter, arXiv 1711.05101): parameter and moments of a range in one pass.

import { splat } from './vector';

export function adamwRange(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  pNext: usize,
  mNext: usize,
  vNext: usize,
  b1: f32,
  b2: f32,
  o1: f32,
  o2: f32,
  rate: f32,
  correction: f32,
  epsilon: f32,
  keep: f32,
  from: usize,
  to: usize,
): void {
  const vb1 = splat(b1);
  const vb2 = splat(b2);
  const vo1 = splat(o1);
  const vo2 = splat(o2);
  const vr = splat(rate);
  const vc = splat(correction);
  const ve = splat(epsilon);
  const vk = splat(keep);
  let i = from << 2;
  const end = to << 2;
  for (; i + 16 <= end; i += 16) {
    const gradient = v128.load(g + i);
    const first = f32x4.add(f32x4.mul(vb1, v128.load(m + i)), f32x4.mul(vo1, gradient));
    const square = f32x4.mul(gradient, gradient);
    const second = f32x4.add(f32x4.mul(vb2, v128.load(v + i)), f32x4.mul(vo2, square));
    const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(second), vc), ve);
    const change = f32x4.mul(f32x4.div(first, deviation), vr);
    v128.store(mNext + i, first);
    v128.store(vNext + i, second);
    v128.store(pNext + i, f32x4.sub(f32x4.mul(v128.load(p + i), vk), change));
  }
  for (; i < end; i += 4) {
    const gradient = load<f32>(g + i);
    const first: f32 = b1 * load<f32>(m + i) + o1 * gradient;
    const second: f32 = b2 * load<f32>(v + i) + o2 * (gradient * gradient);
    store<f32>(mNext + i, first);
    store<f32>(vNext + i, second);
    const change: f32 = (first / (sqrt<f32>(second) * correction + epsilon)) * rate;
    store<f32>(pNext + i, load<f32>(p + i) * keep - change);
  }
}
