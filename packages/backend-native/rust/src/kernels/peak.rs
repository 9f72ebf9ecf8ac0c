//! As many multiplications and additions as the processor can do: what every product is measured against.

use crate::simd::Simd;

/// `rounds` times 12 independent multiply-adds of one vector in registers; leaves a sum at `to`.
///
/// # Safety
/// Writes one float at `to`.
#[inline(always)]
pub unsafe fn multiply_adds<S: Simd>(rounds: usize, to: *mut f32) {
    unsafe {
        let a = S::splat(0.999);
        let b = S::splat(0.001);
        let mut s0 = S::splat(1.0);
        let mut s1 = S::splat(2.0);
        let mut s2 = S::splat(3.0);
        let mut s3 = S::splat(4.0);
        let mut s4 = S::splat(5.0);
        let mut s5 = S::splat(6.0);
        let mut s6 = S::splat(7.0);
        let mut s7 = S::splat(8.0);
        let mut s8 = S::splat(9.0);
        let mut s9 = S::splat(10.0);
        let mut s10 = S::splat(11.0);
        let mut s11 = S::splat(12.0);
        let mut i = 0;
        while i < rounds {
            s0 = S::fma(s0, a, b);
            s1 = S::fma(s1, a, b);
            s2 = S::fma(s2, a, b);
            s3 = S::fma(s3, a, b);
            s4 = S::fma(s4, a, b);
            s5 = S::fma(s5, a, b);
            s6 = S::fma(s6, a, b);
            s7 = S::fma(s7, a, b);
            s8 = S::fma(s8, a, b);
            s9 = S::fma(s9, a, b);
            s10 = S::fma(s10, a, b);
            s11 = S::fma(s11, a, b);
            i += 1;
        }
        let low = S::add(S::add(S::add(s0, s1), S::add(s2, s3)), S::add(s4, s5));
        let high = S::add(S::add(S::add(s6, s7), S::add(s8, s9)), S::add(s10, s11));
        *to = S::sum(S::add(low, high));
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::testing::{Guarded, expect_close, many, tests_of_each};
    use crate::simd::Simd;

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn sums<S: Simd>() {
            unsafe {
                for rounds in [0, 1, 10, many(20_000)] {
                    let mut to = Guarded::new(1);
                    multiply_adds::<S>(rounds, to.at());
                    let mut want = 0.0;
                    for start in 1..=12 {
                        let mut s = start as f64;
                        for _ in 0..rounds {
                            s = s * 0.999f32 as f64 + 0.001f32 as f64;
                        }
                        want += s;
                    }
                    // A chain of many roundings comes to rest near 1.
                    let name = format!("after {rounds}");
                    expect_close(&name, to.values(), &[want * S::LANES as f64], 1e-3, 0.0);
                }
            }
        }
    }

    tests_of_each! { sums }
}
