//! The ends of the losses: cross-entropy with gradient, squared error by patch, rows of length 1.

use super::reduce::{largest_of, sum_of_squares};
use super::rows::dot;
use crate::math::{exp_clamped, first_lanes, log};
use crate::simd::Simd;

/// Rows of softmax cross-entropy with targets `[m, n]`: the loss of each row, and softmax - target.
///
/// # Safety
/// Reads x and target and writes difference `[from·n, to·n)`; writes losses `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn cross_entropy_rows<S: Simd>(
    x: *const f32,
    target: *const f32,
    losses: *mut f32,
    difference: *mut f32,
    n: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let zero = S::splat(0.0);
        let whole = n - n % S::LANES;
        let rest = n - whole;
        let in_rest = first_lanes::<S>(rest);
        let mut r = from;
        while r < to {
            let x = x.add(r * n);
            let target = target.add(r * n);
            let difference = difference.add(r * n);
            let m = S::splat(largest_of::<S>(x, n));
            let mut sums = zero;
            let mut c = 0;
            while c < whole {
                let e = exp_clamped::<S>(S::sub(S::load(x.add(c)), m));
                sums = S::add(sums, e);
                S::store(difference.add(c), e);
                c += S::LANES;
            }
            if rest > 0 {
                let e = exp_clamped::<S>(S::sub(S::load_part(x.add(c), rest, 0.0), m));
                sums = S::add(sums, S::choose(in_rest, e, zero));
                S::store_part(difference.add(c), e, rest);
            }
            let sum = S::sum(sums);
            // log Σ e^(x - m) + m - x·target, for targets that sum to 1.
            let log_total = log::<S>(S::splat(sum));
            let share = S::splat(1.0 / sum);
            let mut picked = zero;
            c = 0;
            while c < n {
                // Lanes beyond the row are 0 in t, so they add nothing.
                let t = S::get(target, c, n, 0.0);
                let shifted = S::sub(S::sub(S::get(x, c, n, 0.0), m), log_total);
                picked = S::fma(t, shifted, picked);
                let p = S::mul(S::get(difference, c, n, 0.0), share);
                S::put(difference, c, n, S::sub(p, t));
                c += S::LANES;
            }
            *losses.add(r) = -S::sum(picked);
            r += 1;
        }
    }
}

/// For rows of `[m, n]`: w·mean (p - t)² of each, and 2·w/n·(p - t).
///
/// # Safety
/// Reads prediction and target and writes gradient `[from·n, to·n)`; reads weights and writes losses
/// `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn squared_error_rows<S: Simd>(
    prediction: *const f32,
    target: *const f32,
    weights: *const f32,
    losses: *mut f32,
    gradient: *mut f32,
    n: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let share = 1.0 / n as f32;
        let mut r = from;
        while r < to {
            let prediction = prediction.add(r * n);
            let target = target.add(r * n);
            let gradient = gradient.add(r * n);
            let w = *weights.add(r) * share;
            let factor = S::splat(2.0 * w);
            let mut s0 = S::splat(0.0);
            let mut s1 = s0;
            let mut c = 0;
            while c + 2 * S::LANES <= n {
                let next = c + S::LANES;
                let d0 = S::sub(S::load(prediction.add(c)), S::load(target.add(c)));
                let d1 = S::sub(S::load(prediction.add(next)), S::load(target.add(next)));
                s0 = S::fma(d0, d0, s0);
                s1 = S::fma(d1, d1, s1);
                S::store(gradient.add(c), S::mul(d0, factor));
                S::store(gradient.add(next), S::mul(d1, factor));
                c += 2 * S::LANES;
            }
            while c < n {
                let d = S::sub(S::get(prediction, c, n, 0.0), S::get(target, c, n, 0.0));
                s0 = S::fma(d, d, s0);
                S::put(gradient, c, n, S::mul(d, factor));
                c += S::LANES;
            }
            *losses.add(r) = S::sum(S::add(s0, s1)) * w;
            r += 1;
        }
    }
}

/// The largest magnitude of n floats.
///
/// # Safety
/// Reads n floats of x.
#[inline(always)]
unsafe fn largest_magnitude<S: Simd>(x: *const f32, n: usize) -> f32 {
    unsafe {
        let mut most = S::splat(0.0);
        let mut c = 0;
        while c < n {
            most = S::max(most, S::abs(S::get(x, c, n, 0.0)));
            c += S::LANES;
        }
        S::largest(most)
    }
}

/// What a row is multiplied with before it is squared, as in core's normalizeRows.
#[inline(always)]
fn factor_of(largest: f32) -> f32 {
    const TO_40: f32 = 1_099_511_627_776.0; // 2⁴⁰
    const TO_MINUS_8: f32 = 0.003_906_25; // 2⁻⁸
    const TO_MINUS_60: f32 = f32::from_bits((127 - 60) << 23);
    if largest > TO_40 {
        return f32::from_bits((127 - 90) << 23); // 2⁻⁹⁰
    }
    if largest > TO_MINUS_8 || largest == 0.0 {
        return 1.0;
    }
    if largest > TO_MINUS_60 {
        return f32::from_bits((127 + 30) << 23); // 2³⁰
    }
    f32::from_bits((127 + 100) << 23) // 2¹⁰⁰
}

/// 2⁻¹⁶, the square of the least magnitude that [`factor_of`] leaves alone.
const ORDINARY: f32 = f32::from_bits((127 - 16) << 23);

/// y = x / √(Σ x² + ε), and the inverse length of each row. y may be x.
///
/// # Safety
/// Reads x and writes y `[from·n, to·n)`; writes inverse `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn unit_rows<S: Simd>(
    x: *const f32,
    y: *mut f32,
    inverse: *mut f32,
    n: usize,
    epsilon: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut r = from;
        while r < to {
            let x = x.add(r * n);
            let y = y.add(r * n);
            let total = sum_of_squares::<S>(x, n);
            // Within these a row's largest magnitude is in range, and nothing need be looked at twice.
            let ordinary = total > ORDINARY * n as f32 && total < 1e24;
            let factor = if ordinary { 1.0 } else { factor_of(largest_magnitude::<S>(x, n)) };
            let mut c = 0;
            if factor == 1.0 {
                let scale = 1.0 / (total + epsilon).sqrt();
                let vs = S::splat(scale);
                while c < n {
                    S::put(y, c, n, S::mul(S::get(x, c, n, 0.0), vs));
                    c += S::LANES;
                }
                *inverse.add(r) = scale;
            } else {
                let vf = S::splat(factor);
                while c < n {
                    S::put(y, c, n, S::mul(S::get(x, c, n, 0.0), vf));
                    c += S::LANES;
                }
                let length = sum_of_squares::<S>(y, n).sqrt();
                let vl = S::splat(length);
                c = 0;
                while c < n {
                    S::put(y, c, n, S::div(S::get(y, c, n, 0.0), vl));
                    c += S::LANES;
                }
                let scale = factor / length;
                // NaN stays.
                *inverse.add(r) = if scale > 3.4e38 { 3.4e38 } else { scale };
            }
            r += 1;
        }
    }
}

/// dx = (dy - y Σ dy·y)·inverse. dx may be dy.
///
/// # Safety
/// Reads y and dy and writes dx `[from·n, to·n)`; reads inverse `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn unit_gradient_rows<S: Simd>(
    y: *const f32,
    inverse: *const f32,
    dy: *const f32,
    dx: *mut f32,
    n: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut r = from;
        while r < to {
            let y = y.add(r * n);
            let dy = dy.add(r * n);
            let dx = dx.add(r * n);
            let along = S::splat(dot::<S>(dy, y, n));
            let scale = S::splat(*inverse.add(r));
            let mut c = 0;
            while c < n {
                let off = S::sub(S::get(dy, c, n, 0.0), S::mul(S::get(y, c, n, 0.0), along));
                S::put(dx, c, n, S::mul(off, scale));
                c += S::LANES;
            }
            r += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::testing::{Guarded, expect_close, floats, lengths, tests_of_each};
    use crate::simd::Simd;

    fn exact(x: &[f32]) -> Vec<f64> {
        x.iter().map(|&v| v as f64).collect()
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn cross_entropy<S: Simd>() {
            unsafe {
                for n in lengths(1..70) {
                    let seed = 2 * n as u64;
                    let x: Vec<f32> = floats(seed, 4 * n).iter().map(|v| 15.0 * v).collect();
                    let mut target: Vec<f32> =
                        floats(seed + 1, 4 * n).iter().map(|v| v.abs()).collect();
                    for row in target.chunks_mut(n) {
                        let sum: f32 = row.iter().sum();
                        for v in row {
                            *v /= sum;
                        }
                    }
                    let (mut losses, mut difference) = (Guarded::new(4), Guarded::new(4 * n));
                    let (px, pt) = (x.as_ptr(), target.as_ptr());
                    cross_entropy_rows::<S>(px, pt, losses.at(), difference.at(), n, 1, 4);
                    let mut want_losses = vec![7.0; 4];
                    let mut want = vec![7.0; 4 * n];
                    for r in 1..4 {
                        let row = exact(&x[r * n..(r + 1) * n]);
                        let m = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        let total = row.iter().map(|v| (v - m).exp()).sum::<f64>().ln() + m;
                        want_losses[r] = 0.0;
                        for c in 0..n {
                            let t = target[r * n + c] as f64;
                            want_losses[r] -= t * (row[c] - total);
                            want[r * n + c] = (row[c] - total).exp() - t;
                        }
                    }
                    expect_close("losses", losses.values(), &want_losses, 2e-6, 2e-6);
                    expect_close("difference", difference.values(), &want, 0.0, 1e-6);
                }
            }
        }

        #[inline(always)]
        pub unsafe fn squared_error<S: Simd>() {
            unsafe {
                for n in lengths(1..150) {
                    let seed = 2 * n as u64;
                    let (p, t) = (floats(seed, 3 * n), floats(seed + 1, 3 * n));
                    let weights = [9.0f32, 0.0, 2.5];
                    let (mut losses, mut gradient) = (Guarded::new(3), Guarded::new(3 * n));
                    let (pp, pt, pw) = (p.as_ptr(), t.as_ptr(), weights.as_ptr());
                    squared_error_rows::<S>(pp, pt, pw, losses.at(), gradient.at(), n, 1, 3);
                    let mut want_losses = vec![7.0; 3];
                    let mut want = vec![7.0; 3 * n];
                    for r in 1..3 {
                        let w = weights[r] as f64 / n as f64;
                        want_losses[r] = 0.0;
                        for c in r * n..(r + 1) * n {
                            let d = p[c] as f64 - t[c] as f64;
                            want_losses[r] += w * d * d;
                            want[c] = 2.0 * w * d;
                        }
                    }
                    expect_close("losses", losses.values(), &want_losses, 1e-5, 0.0);
                    expect_close("gradient", gradient.values(), &want, 1e-6, 1e-7);
                }
            }
        }

        #[inline(always)]
        pub unsafe fn unit<S: Simd>() {
            unsafe {
                // Ordinary rows, and such whose squares are beyond float or below it.
                for size in [1.0f32, 1e-3, 1e-12, 1e-25, 1e-38, 1e10, 1e15, 1e30, 3e38] {
                    for n in lengths(1..70) {
                        let x: Vec<f32> =
                            floats(n as u64, 3 * n).iter().map(|v| v * size).collect();
                        let (mut y, mut inverse) = (Guarded::of(&x), Guarded::new(3));
                        unit_rows::<S>(y.at(), y.at(), inverse.at(), n, 0.0, 1, 3);
                        let mut want = exact(&x);
                        let mut want_inverse = vec![7.0; 3];
                        for (r, row) in want.chunks_mut(n).enumerate().skip(1) {
                            let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
                            want_inverse[r] = (1.0 / length).min(3.4e38);
                            for v in row {
                                *v /= length;
                            }
                        }
                        let name = format!("rows of {n} by {size}");
                        expect_close(&name, y.values(), &want, 1e-5, 1e-6);
                        expect_close(&name, inverse.values(), &want_inverse, 1e-5, 1e-38);
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn unit_of_odd_rows<S: Simd>() {
            unsafe {
                for n in lengths(1..40) {
                    let mut y = Guarded::new(n);
                    let mut inverse = Guarded::new(1);
                    let mut x = vec![0.0f32; n];
                    unit_rows::<S>(x.as_ptr(), y.at(), inverse.at(), n, 1e-24, 0, 1);
                    expect_close("zeros", y.values(), &vec![0.0; n], 0.0, 0.0);
                    expect_close("zeros", inverse.values(), &[1e12], 1e-5, 0.0);
                    x[n / 2] = f32::NAN;
                    unit_rows::<S>(x.as_ptr(), y.at(), inverse.at(), n, 0.0, 0, 1);
                    assert!(y.values()[n / 2].is_nan() && inverse.values()[0].is_nan());
                }
            }
        }

        #[inline(always)]
        pub unsafe fn unit_gradient<S: Simd>() {
            unsafe {
                for n in lengths(1..150) {
                    let seed = 2 * n as u64;
                    let (y, dy) = (floats(seed, 3 * n), floats(seed + 1, 3 * n));
                    let inverse = [5.0f32, 0.5, 2.0];
                    let mut dx = Guarded::of(&dy);
                    unit_gradient_rows::<S>(
                        y.as_ptr(),
                        inverse.as_ptr(),
                        dx.at(),
                        dx.at(),
                        n,
                        1,
                        3,
                    );
                    let mut want = exact(&dy);
                    for (r, row) in want.chunks_mut(n).enumerate().skip(1) {
                        let y = exact(&y[r * n..(r + 1) * n]);
                        let along: f64 = row.iter().zip(&y).map(|(d, y)| d * y).sum();
                        for (d, y) in row.iter_mut().zip(&y) {
                            *d = (*d - y * along) * inverse[r] as f64;
                        }
                    }
                    expect_close("gradient", dx.values(), &want, 1e-5, 1e-5);
                }
            }
        }
    }

    tests_of_each! { cross_entropy squared_error unit unit_of_odd_rows unit_gradient }
}
