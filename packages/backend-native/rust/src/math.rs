//! Functions of one vector: exponential, logarithm, error function and what is made of them.
//!
//! # Safety
//!
//! Nothing here touches memory, but for [`first_lanes`], which reads a table of its own. Every function needs
//! the instructions of its `S`.
#![allow(clippy::missing_safety_doc)] // the same for all: above
#![allow(clippy::excessive_precision)] // coefficients stand as they were published

use crate::simd::Simd;
use core::f32::consts::LOG2_E;

/// More lanes than any vector has.
const MOST_LANES: usize = 16;
static LANE_NUMBERS: [f32; MOST_LANES] =
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];

/// The mask of the first `n` lanes.
#[inline(always)]
pub unsafe fn first_lanes<S: Simd>(n: usize) -> S::M {
    const { assert!(S::LANES <= MOST_LANES) };
    unsafe { S::lt(S::load(LANE_NUMBERS.as_ptr()), S::splat(n as f32)) }
}

/// Adding 1.5·2^23 rounds to an integer, which is then the lowest bits.
const ROUNDER: f32 = 12582912.0;
/// Bits of 1.
const ONE: i32 = 0x3f80_0000;
/// Bits of √½: around 1, a mantissa lies between this and √2.
const ROOT_OF_HALF: i32 = 0x3f35_04f3;

/// x / ln 2, rounded, in the lowest bits.
#[inline(always)]
unsafe fn power_of<S: Simd>(x: S::F) -> S::F {
    unsafe { S::fma(x, S::splat(LOG2_E), S::splat(ROUNDER)) }
}

/// e^r for what is left of x without its powers of two: Cephes expf (Moshier), relative error 2e-7.
#[inline(always)]
unsafe fn exp_of_rest<S: Simd>(x: S::F, power: S::F) -> S::F {
    unsafe {
        let n = S::sub(power, S::splat(ROUNDER));
        let mut r = S::fma(n, S::splat(-0.693359375), x);
        r = S::fma(n, S::splat(2.1219444e-4), r);
        let mut p = S::splat(1.98756915e-4);
        p = S::fma(p, r, S::splat(1.3981999507e-3));
        p = S::fma(p, r, S::splat(8.3334519073e-3));
        p = S::fma(p, r, S::splat(4.1665795894e-2));
        p = S::fma(p, r, S::splat(1.6666665459e-1));
        p = S::fma(p, r, S::splat(5.0000001201e-1));
        S::add(S::fma(p, S::mul(r, r), r), S::splat(1.0))
    }
}

/// e^x for |x| below 87; outside, results are clamped to e^88 and e^-87.3, and NaN stays.
#[inline(always)]
pub unsafe fn exp_clamped<S: Simd>(given: S::F) -> S::F {
    unsafe {
        let x = S::pmax(S::pmin(given, S::splat(88.0)), S::splat(-87.3));
        let power = power_of::<S>(x);
        let factor = S::iadd(S::shl::<23>(S::bits(power)), S::isplat(ONE));
        S::mul(exp_of_rest::<S>(x, power), S::from_bits(factor))
    }
}

/// e^x for all x: infinity over 88.72, denormals and 0 under -87.3.
///
/// The power of two comes in two factors: between 88 and 88.72 one exponent field does not hold it.
#[inline(always)]
pub unsafe fn exp<S: Simd>(given: S::F) -> S::F {
    unsafe {
        let x = S::pmax(S::pmin(given, S::splat(89.5)), S::splat(-104.5));
        let shifted = power_of::<S>(x);
        let power = S::isub(S::bits(shifted), S::bits(S::splat(ROUNDER)));
        let half = S::shr::<1>(power);
        let first = S::shl::<23>(S::iadd(half, S::isplat(127)));
        let second = S::shl::<23>(S::iadd(S::isub(power, half), S::isplat(127)));
        let rest = exp_of_rest::<S>(x, shifted);
        S::mul(S::mul(rest, S::from_bits(first)), S::from_bits(second))
    }
}

/// ln x: Cephes logf, relative error 1e-7; -infinity at 0, NaN below.
#[inline(always)]
pub unsafe fn log<S: Simd>(x: S::F) -> S::F {
    unsafe {
        // Denormals are scaled up first.
        let tiny = S::lt(x, S::splat(f32::MIN_POSITIVE));
        let scaled = S::choose(tiny, S::mul(x, S::splat(8388608.0)), x);
        let bits = S::isub(S::bits(scaled), S::isplat(ROOT_OF_HALF));
        let mut e = S::to_float(S::shr::<23>(bits));
        e = S::sub(e, S::choose(tiny, S::splat(23.0), S::splat(0.0)));
        let mantissa = S::iand(bits, S::isplat(0x007f_ffff));
        let m = S::from_bits(S::iadd(mantissa, S::isplat(ROOT_OF_HALF)));
        let f = S::sub(m, S::splat(1.0));
        let z = S::mul(f, f);
        let mut p = S::splat(7.0376836292e-2);
        p = S::fma(p, f, S::splat(-1.151461031e-1));
        p = S::fma(p, f, S::splat(1.1676998740e-1));
        p = S::fma(p, f, S::splat(-1.2420140846e-1));
        p = S::fma(p, f, S::splat(1.4249322787e-1));
        p = S::fma(p, f, S::splat(-1.6668057665e-1));
        p = S::fma(p, f, S::splat(2.0000714765e-1));
        p = S::fma(p, f, S::splat(-2.4999993993e-1));
        p = S::fma(p, f, S::splat(3.3333331174e-1));
        p = S::mul(p, S::mul(f, z));
        p = S::fma(e, S::splat(-2.12194440e-4), p);
        p = S::fma(z, S::splat(-0.5), p);
        let inside = S::fma(e, S::splat(0.693359375), S::add(f, p));
        let zero = S::choose(S::eq(x, S::splat(0.0)), S::splat(f32::NEG_INFINITY), inside);
        let infinity = S::splat(f32::INFINITY);
        let infinite = S::choose(S::eq(x, infinity), infinity, zero);
        // Negative and NaN alike: the comparison is false for NaN.
        S::choose(S::ge(x, S::splat(0.0)), infinite, S::splat(f32::NAN))
    }
}

/// erf x as a quotient of polynomials on [-4, 4] (Eigen's), absolute error 3e-7.
#[inline(always)]
pub unsafe fn erf<S: Simd>(given: S::F) -> S::F {
    unsafe {
        let x = S::pmax(S::pmin(given, S::splat(4.0)), S::splat(-4.0));
        let s = S::mul(x, x);
        let mut p = S::splat(-2.72614225801306e-10);
        p = S::fma(p, s, S::splat(2.77068142495902e-8));
        p = S::fma(p, s, S::splat(-2.10102402082508e-6));
        p = S::fma(p, s, S::splat(-5.69250639462346e-5));
        p = S::fma(p, s, S::splat(-7.3499063032686e-4));
        p = S::fma(p, s, S::splat(-2.9545998085403e-3));
        p = S::fma(p, s, S::splat(-1.60960333262415e-2));
        let mut q = S::splat(-1.45660718464996e-5);
        q = S::fma(q, s, S::splat(-2.13374055278905e-4));
        q = S::fma(q, s, S::splat(-1.68282697438203e-3));
        q = S::fma(q, s, S::splat(-7.37332916720468e-3));
        q = S::fma(q, s, S::splat(-1.42647390514189e-2));
        S::div(S::mul(x, p), q)
    }
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub unsafe fn sigmoid<S: Simd>(x: S::F) -> S::F {
    unsafe {
        // Of -|x|, so that the exponential stays below 1; the other half is the complement.
        let one = S::splat(1.0);
        let e = exp_clamped::<S>(S::neg(S::abs(x)));
        let small = S::div(e, S::add(one, e));
        S::choose(S::lt(x, S::splat(0.0)), small, S::sub(one, small))
    }
}

/// tanh x; x itself where it is small, so that no digit is lost.
#[inline(always)]
pub unsafe fn tanh<S: Simd>(x: S::F) -> S::F {
    unsafe {
        let one = S::splat(1.0);
        let size = S::abs(x);
        let e = exp_clamped::<S>(S::mul(S::splat(-2.0), size));
        let far = S::div(S::sub(one, e), S::add(one, e));
        // x - x³/3 + 2x⁵/15 - 17x⁷/315, below 0.125.
        let s = S::mul(x, x);
        let mut p = S::splat(-17.0 / 315.0);
        p = S::fma(p, s, S::splat(2.0 / 15.0));
        p = S::fma(p, s, S::splat(-1.0 / 3.0));
        let near = S::fma(S::mul(p, s), size, size);
        let y = S::choose(S::lt(size, S::splat(0.125)), near, far);
        let sign = S::iand(S::bits(x), S::isplat(i32::MIN));
        S::from_bits(S::ior(S::bits(y), sign))
    }
}

const DENSITY_AT_0: f32 = 0.3989422804;
const TAIL_SCALE: f32 = 4.3170085; // √2 / 0.3275911

/// e^(-x²/2).
#[inline(always)]
pub unsafe fn bell_curve<S: Simd>(x: S::F) -> S::F {
    unsafe { exp_clamped::<S>(S::mul(S::mul(x, x), S::splat(-0.5))) }
}

/// 1 - Φ(m) for m ≥ 0, given e^(-m²/2): Abramowitz & Stegun 7.1.26, absolute error 7.5e-8, and as small as the
/// tail itself far out.
#[inline(always)]
pub unsafe fn normal_tail<S: Simd>(m: S::F, bell: S::F) -> S::F {
    unsafe {
        let scale = S::splat(TAIL_SCALE);
        let t = S::div(scale, S::add(m, scale));
        let mut p = S::splat(0.5307027145);
        p = S::fma(p, t, S::splat(-0.7265760135));
        p = S::fma(p, t, S::splat(0.7107068705));
        p = S::fma(p, t, S::splat(-0.142248368));
        p = S::fma(p, t, S::splat(0.127414796));
        S::mul(S::mul(p, t), bell)
    }
}

/// x·φ(x) for x ≥ 0, given e^(-x²/2).
#[inline(always)]
pub unsafe fn density_times<S: Simd>(x: S::F, bell: S::F) -> S::F {
    unsafe { S::mul(S::mul(x, S::splat(DENSITY_AT_0)), bell) }
}

/// GELU, x·Φ(x), and its derivative, Φ(x) + x·φ(x).
///
/// Both come from e^(-x²/2) and the tail 1 - Φ(|x|), each computed once.
#[inline(always)]
pub unsafe fn gelu_and_slope<S: Simd>(x: S::F) -> (S::F, S::F) {
    unsafe {
        let zero = S::splat(0.0);
        let m = S::abs(x);
        let bell = bell_curve::<S>(x);
        let tail = normal_tail::<S>(m, bell);
        let gelu = S::sub(S::pmax(zero, x), S::mul(m, tail));
        // The slope at -m; at m it is 1 minus that.
        let at_minus = S::sub(tail, density_times::<S>(m, bell));
        let at_plus = S::sub(S::splat(1.0), at_minus);
        (gelu, S::choose(S::lt(x, zero), at_minus, at_plus))
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::testing::{ODD, expect_close, floats, many, tests_of_each};
    use crate::simd::Simd;

    /// Numbers of all sizes up to `most`, and the odd ones.
    fn numbers(most: f32) -> Vec<f32> {
        let mut x: Vec<f32> = floats(1, many(3000)).iter().map(|v| v * most).collect();
        x.extend(floats(2, many(500)));
        x.extend(floats(3, many(500)).iter().map(|v| v * 1e-3));
        x.extend(ODD);
        x
    }

    /// A function of one vector, for each of some floats.
    macro_rules! map {
        ($x:expr, $v:ident => $value:expr) => {{
            let x: &[f32] = $x;
            let mut y = vec![0.0f32; x.len()];
            let mut i = 0;
            while i < x.len() {
                let $v = S::get(x.as_ptr(), i, x.len(), 1.0);
                S::put(y.as_mut_ptr(), i, x.len(), $value);
                i += S::LANES;
            }
            y
        }};
    }

    fn wanted(x: &[f32], f: fn(f64) -> f64) -> Vec<f64> {
        x.iter().map(|&v| f(v as f64)).collect()
    }

    /// erf by its series, and beyond 3 by the continued fraction of erfc.
    fn erf_exact(x: f64) -> f64 {
        let m = x.abs();
        if x.is_nan() {
            return x;
        }
        if m > 6.0 {
            return x.signum();
        }
        if m > 3.0 {
            let mut f = m;
            for k in (1..=60).rev() {
                f = m + (k as f64 / 2.0) / f;
            }
            let tail = (-m * m).exp() / (f * std::f64::consts::PI.sqrt());
            return x.signum() * (1.0 - tail);
        }
        let (mut term, mut sum) = (x, x);
        for k in 1..100 {
            term *= -x * x / k as f64;
            sum += term / (2 * k + 1) as f64;
        }
        2.0 / std::f64::consts::PI.sqrt() * sum
    }

    /// Φ, whose far tail keeps its digits.
    fn normal(x: f64) -> f64 {
        if x < -4.0 {
            let m = -x;
            let mut f = m;
            for k in (1..=80).rev() {
                f = m + k as f64 / f;
            }
            return (-m * m / 2.0).exp() / (f * (2.0 * std::f64::consts::PI).sqrt());
        }
        0.5 * (1.0 + erf_exact(x / std::f64::consts::SQRT_2))
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn lanes<S: Simd>() {
            unsafe {
                for n in 0..=S::LANES {
                    let mut got = [9.0f32; MOST_LANES];
                    let mask = first_lanes::<S>(n);
                    let v = S::choose(mask, S::splat(1.0), S::splat(0.0));
                    S::store(got.as_mut_ptr(), v);
                    for (i, &lane) in got[..S::LANES].iter().enumerate() {
                        assert_eq!(lane, if i < n { 1.0 } else { 0.0 });
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn exponential<S: Simd>() {
            unsafe {
                let x = numbers(110.0);
                let y = map!(&x, v => exp::<S>(v));
                // The last term: half of the smallest denormal, and one rounding more of it.
                expect_close("exp", &y, &within_float(wanted(&x, f64::exp)), 3e-7, 2.2e-45);
                assert_eq!(
                    map!(&[88.8, -104.0, -200.0], v => exp::<S>(v)),
                    [f32::INFINITY, 0.0, 0.0]
                );
                assert!(map!(&[88.7], v => exp::<S>(v))[0].is_finite());
            }
        }

        /// What is beyond float is infinite.
        pub fn within_float(mut y: Vec<f64>) -> Vec<f64> {
            for v in &mut y {
                if *v > f32::MAX as f64 {
                    *v = f64::INFINITY;
                }
            }
            y
        }

        #[inline(always)]
        pub unsafe fn exponential_clamped<S: Simd>() {
            unsafe {
                let x = numbers(87.0);
                let y = map!(&x, v => exp_clamped::<S>(v));
                let clamped = wanted(&x, |v| v.clamp(-87.3, 88.0).exp());
                expect_close("exp_clamped", &y, &clamped, 4e-6, 0.0);
                assert!(map!(&[f32::NAN], v => exp_clamped::<S>(v))[0].is_nan());
            }
        }

        #[inline(always)]
        pub unsafe fn logarithm<S: Simd>() {
            unsafe {
                let mut x = numbers(1e6);
                x.extend(floats(4, many(500)).iter().map(|v| 1.0 + v * 1e-3));
                x.extend(floats(5, many(500)).iter().map(|v| v * 1e-39));
                let y = map!(&x, v => log::<S>(v));
                expect_close("log", &y, &wanted(&x, f64::ln), 2.5e-7, 0.0);
            }
        }

        #[inline(always)]
        pub unsafe fn error_function<S: Simd>() {
            unsafe {
                let x = numbers(5.0);
                let y = map!(&x, v => erf::<S>(v));
                expect_close("erf", &y, &wanted(&x, erf_exact), 0.0, 4e-7);
            }
        }

        #[inline(always)]
        pub unsafe fn sigmoids<S: Simd>() {
            unsafe {
                let x = numbers(80.0);
                let y = map!(&x, v => sigmoid::<S>(v));
                let exact = wanted(&x, |v| 1.0 / (1.0 + (-v).exp()));
                expect_close("sigmoid", &y, &exact, 5e-7, 2e-38);
            }
        }

        #[inline(always)]
        pub unsafe fn tangent<S: Simd>() {
            unsafe {
                let x = numbers(12.0);
                let y = map!(&x, v => tanh::<S>(v));
                expect_close("tanh", &y, &wanted(&x, f64::tanh), 6e-7, 0.0);
                let zeros = map!(&[-0.0, 0.0], v => tanh::<S>(v));
                assert!(zeros[0].is_sign_negative() && zeros[1].is_sign_positive());
            }
        }

        #[inline(always)]
        pub unsafe fn tail_of_normal<S: Simd>() {
            unsafe {
                let x: Vec<f32> = floats(6, many(2000)).iter().map(|v| v.abs() * 10.0).collect();
                let y = map!(&x, v => normal_tail::<S>(v, bell_curve::<S>(v)));
                expect_close("normal_tail", &y, &wanted(&x, |v| normal(-v)), 1e-5, 2e-7);
                let y = map!(&x, v => density_times::<S>(v, bell_curve::<S>(v)));
                let exact = wanted(&x, |v| v * (-v * v / 2.0).exp() * 0.3989422804014327);
                expect_close("density_times", &y, &exact, 6e-6, 0.0);
            }
        }

        #[inline(always)]
        pub unsafe fn gelu<S: Simd>() {
            unsafe {
                let mut x: Vec<f32> = floats(7, many(4000)).iter().map(|v| v * 12.0).collect();
                x.extend([0.0, -0.0, 1e-40, -1e-40, 1e4, -1e4]);
                let y = map!(&x, v => gelu_and_slope::<S>(v).0);
                expect_close("gelu", &y, &wanted(&x, |v| v * normal(v)), 2e-7, 4e-7);
                let y = map!(&x, v => gelu_and_slope::<S>(v).1);
                let slope =
                    wanted(&x, |v| normal(v) + v * (-v * v / 2.0).exp() * 0.3989422804014327);
                expect_close("slope", &y, &slope, 0.0, 5e-7);
                assert!(map!(&[f32::NAN], v => gelu_and_slope::<S>(v).0)[0].is_nan());
                assert!(map!(&[f32::NAN], v => gelu_and_slope::<S>(v).1)[0].is_nan());
            }
        }
    }

    tests_of_each! {
        lanes exponential exponential_clamped logarithm error_function sigmoids tangent tail_of_normal gelu
    }
}
