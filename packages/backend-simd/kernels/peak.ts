// As many multiplications and additions as the processor can do: what every product is measured against.

import { fma, lanesSum, splat } from './vector';

/** `rounds` times 12 independent multiply-adds of four numbers in registers; leaves their sum at `to`. */
export function multiplyAdds(rounds: usize, to: usize): void {
  const a = splat(0.999);
  const b = splat(0.001);
  let s0 = splat(1);
  let s1 = splat(2);
  let s2 = splat(3);
  let s3 = splat(4);
  let s4 = splat(5);
  let s5 = splat(6);
  let s6 = splat(7);
  let s7 = splat(8);
  let s8 = splat(9);
  let s9 = splat(10);
  let s10 = splat(11);
  let s11 = splat(12);
  for (let i = rounds; i > 0; --i) {
    s0 = fma(s0, a, b);
    s1 = fma(s1, a, b);
    s2 = fma(s2, a, b);
    s3 = fma(s3, a, b);
    s4 = fma(s4, a, b);
    s5 = fma(s5, a, b);
    s6 = fma(s6, a, b);
    s7 = fma(s7, a, b);
    s8 = fma(s8, a, b);
    s9 = fma(s9, a, b);
    s10 = fma(s10, a, b);
    s11 = fma(s11, a, b);
  }
  const s = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7)));
  store<f32>(to, lanesSum(f32x4.add(s, f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11)))));
}
