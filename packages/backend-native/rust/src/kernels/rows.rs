//! Row by row: softmax and layer normalisation, forward and backward.

use super::reduce::{largest_of, sum_of};
use crate::math::{exp_clamped, first_lanes};
use crate::simd::Simd;

/// Softmax of scale·x over rows of `n`; y may be x.
///
/// # Safety
/// Reads x and writes y `[from·n, to·n)`.
#[inline(always)]
pub unsafe fn softmax_rows<S: Simd>(
    x: *const f32,
    y: *mut f32,
    n: usize,
    scale: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        // Rows of a few vectors stay in registers.
        match n.div_ceil(S::LANES) {
            0 => {}
            1 => softmax_short_rows::<S, 1>(x, y, n, scale, from, to),
            2 => softmax_short_rows::<S, 2>(x, y, n, scale, from, to),
            3 => softmax_short_rows::<S, 3>(x, y, n, scale, from, to),
            4 => softmax_short_rows::<S, 4>(x, y, n, scale, from, to),
            5 => softmax_short_rows::<S, 5>(x, y, n, scale, from, to),
            _ => softmax_long_rows::<S>(x, y, n, scale, from, to),
        }
    }
}

/// Where vector `v` of a row of `n` begins. The last one ends with the row and so may begin in the one before it: a
/// store of a part would hold up the next row, whose first load the processor takes for the same place.
#[inline(always)]
fn begin_of<S: Simd>(v: usize, n: usize) -> usize {
    let at = v * S::LANES;
    if at + S::LANES > n && n >= S::LANES { n - S::LANES } else { at }
}

/// The lanes of vector `v` that are not in the one before it, nor beyond the row.
///
/// # Safety
/// None but that of `S`.
#[inline(always)]
unsafe fn own_lanes<S: Simd>(v: usize, n: usize, x: S::F, other: S::F) -> S::F {
    unsafe {
        let at = v * S::LANES;
        if at + S::LANES <= n {
            x
        } else if n >= S::LANES {
            S::choose(first_lanes::<S>(S::LANES - (n - at)), other, x)
        } else {
            S::choose(first_lanes::<S>(n), x, other)
        }
    }
}

/// The same for rows of `V` vectors.
///
/// # Safety
/// As [`softmax_rows`]; n must be above `(V - 1)·LANES` and at most `V·LANES`.
#[inline(always)]
unsafe fn softmax_short_rows<S: Simd, const V: usize>(
    x: *const f32,
    y: *mut f32,
    n: usize,
    scale: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let zero = S::splat(0.0);
        let vs = S::splat(scale);
        let mut r = from;
        while r < to {
            let x = x.add(r * n);
            let y = y.add(r * n);
            let mut row = [zero; V];
            let mut v = 0;
            while v < V {
                row[v] = S::get(x, begin_of::<S>(v, n), n, f32::NEG_INFINITY);
                v += 1;
            }
            let mut most = row[0];
            let mut v = 1;
            while v < V {
                most = S::max(most, row[v]);
                v += 1;
            }
            let m = S::splat(S::largest(most));
            let mut sum = zero;
            let mut v = 0;
            while v < V {
                row[v] = exp_clamped::<S>(S::mul(S::sub(row[v], m), vs));
                sum = S::add(sum, own_lanes::<S>(v, n, row[v], zero));
                v += 1;
            }
            let share = S::splat(1.0 / S::sum(sum));
            let mut v = 0;
            while v < V {
                S::put(y, begin_of::<S>(v, n), n, S::mul(row[v], share));
                v += 1;
            }
            r += 1;
        }
    }
}

/// The same for rows of any length from two vectors on.
///
/// # Safety
/// As [`softmax_rows`].
#[inline(always)]
unsafe fn softmax_long_rows<S: Simd>(
    x: *const f32,
    y: *mut f32,
    n: usize,
    scale: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let whole = n - n % S::LANES;
        let count = n.div_ceil(S::LANES);
        let last = begin_of::<S>(count - 1, n);
        let zero = S::splat(0.0);
        let vs = S::splat(scale);
        let mut r = from;
        while r < to {
            let x = x.add(r * n);
            let y = y.add(r * n);
            let m = S::splat(largest_of::<S>(x, n));
            // Before anything is stored there: y may be x.
            let given = S::load(x.add(last));
            let end = exp_clamped::<S>(S::mul(S::sub(given, m), vs));
            let mut s0 = zero;
            let mut s1 = zero;
            if whole < n {
                s1 = own_lanes::<S>(count - 1, n, end, zero);
            }
            let mut c = 0;
            while c + 2 * S::LANES <= whole {
                let e0 = exp_clamped::<S>(S::mul(S::sub(S::load(x.add(c)), m), vs));
                let e1 = exp_clamped::<S>(S::mul(S::sub(S::load(x.add(c + S::LANES)), m), vs));
                s0 = S::add(s0, e0);
                s1 = S::add(s1, e1);
                S::store(y.add(c), e0);
                S::store(y.add(c + S::LANES), e1);
                c += 2 * S::LANES;
            }
            if c < whole {
                let e = exp_clamped::<S>(S::mul(S::sub(S::load(x.add(c)), m), vs));
                s0 = S::add(s0, e);
                S::store(y.add(c), e);
            }
            let share = S::splat(1.0 / S::sum(S::add(s0, s1)));
            c = 0;
            while c < whole {
                S::store(y.add(c), S::mul(S::load(y.add(c)), share));
                c += S::LANES;
            }
            S::store(y.add(last), S::mul(end, share));
            r += 1;
        }
    }
}

/// Σ x·y of n floats.
///
/// # Safety
/// Reads n floats of x and of y.
#[inline(always)]
pub unsafe fn dot<S: Simd>(x: *const f32, y: *const f32, n: usize) -> f32 {
    unsafe {
        let mut s0 = S::splat(0.0);
        let mut s1 = s0;
        let mut s2 = s0;
        let mut s3 = s0;
        let mut c = 0;
        while c + 4 * S::LANES <= n {
            let (p, q) = (x.add(c), y.add(c));
            let (p2, q2) = (p.add(2 * S::LANES), q.add(2 * S::LANES));
            s0 = S::fma(S::load(p), S::load(q), s0);
            s1 = S::fma(S::load(p.add(S::LANES)), S::load(q.add(S::LANES)), s1);
            s2 = S::fma(S::load(p2), S::load(q2), s2);
            s3 = S::fma(S::load(p2.add(S::LANES)), S::load(q2.add(S::LANES)), s3);
            c += 4 * S::LANES;
        }
        while c < n {
            s0 = S::fma(S::get(x, c, n, 0.0), S::get(y, c, n, 0.0), s0);
            c += S::LANES;
        }
        S::sum(S::add(S::add(s0, s1), S::add(s2, s3)))
    }
}

/// dx = scale·y·(dy - Σ y·dy) over rows of `n`; dx may be dy.
///
/// # Safety
/// Reads y and dy and writes dx `[from·n, to·n)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn softmax_gradient_rows<S: Simd>(
    y: *const f32,
    dy: *const f32,
    dx: *mut f32,
    n: usize,
    scale: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        if n == 0 {
            return;
        }
        let zero = S::splat(0.0);
        let vs = S::splat(scale);
        let count = n.div_ceil(S::LANES);
        let last = begin_of::<S>(count - 1, n);
        let mut r = from;
        while r < to {
            let y = y.add(r * n);
            let dy = dy.add(r * n);
            let dx = dx.add(r * n);
            // Before anything is stored there: dx may be dy.
            let (y_end, dy_end) = (S::get(y, last, n, 0.0), S::get(dy, last, n, 0.0));
            let mut s0 = own_lanes::<S>(count - 1, n, S::mul(y_end, dy_end), zero);
            let mut s1 = zero;
            let mut v = 0;
            while v + 2 < count {
                let c = v * S::LANES;
                let next = c + S::LANES;
                s0 = S::fma(S::load(y.add(c)), S::load(dy.add(c)), s0);
                s1 = S::fma(S::load(y.add(next)), S::load(dy.add(next)), s1);
                v += 2;
            }
            if v + 1 < count {
                s1 = S::fma(S::load(y.add(v * S::LANES)), S::load(dy.add(v * S::LANES)), s1);
            }
            let along = S::splat(S::sum(S::add(s0, s1)));
            let mut v = 0;
            while v + 1 < count {
                let c = v * S::LANES;
                let inner = S::sub(S::load(dy.add(c)), along);
                S::store(dx.add(c), S::mul(vs, S::mul(S::load(y.add(c)), inner)));
                v += 1;
            }
            let inner = S::sub(dy_end, along);
            S::put(dx, last, n, S::mul(vs, S::mul(y_end, inner)));
            r += 1;
        }
    }
}

/// Σ (x - mean)² of n floats.
///
/// # Safety
/// Reads n floats of x.
#[inline(always)]
unsafe fn squares_around<S: Simd>(x: *const f32, mean: f32, n: usize) -> f32 {
    unsafe {
        let vm = S::splat(mean);
        let mut s0 = S::splat(0.0);
        let mut s1 = s0;
        let mut s2 = s0;
        let mut s3 = s0;
        let mut c = 0;
        while c + 4 * S::LANES <= n {
            let at = x.add(c);
            let d0 = S::sub(S::load(at), vm);
            let d1 = S::sub(S::load(at.add(S::LANES)), vm);
            let d2 = S::sub(S::load(at.add(2 * S::LANES)), vm);
            let d3 = S::sub(S::load(at.add(3 * S::LANES)), vm);
            s0 = S::fma(d0, d0, s0);
            s1 = S::fma(d1, d1, s1);
            s2 = S::fma(d2, d2, s2);
            s3 = S::fma(d3, d3, s3);
            c += 4 * S::LANES;
        }
        while c < n {
            // Lanes beyond the row are the mean itself, so they add nothing.
            let d = S::sub(S::get(x, c, n, mean), vm);
            s0 = S::fma(d, d, s0);
            c += S::LANES;
        }
        S::sum(S::add(S::add(s0, s1), S::add(s2, s3)))
    }
}

/// y = (x - mean)·inverse·scale + bias over rows of n; mean and inverse deviation are kept, two a row. y may be x.
///
/// # Safety
/// Reads x and writes y `[from·n, to·n)`; reads n floats of scale and of bias; writes kept `[2·from, 2·to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn layer_norm_rows<S: Simd>(
    x: *const f32,
    scale: *const f32,
    bias: *const f32,
    y: *mut f32,
    kept: *mut f32,
    n: usize,
    epsilon: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let share = 1.0 / n as f32;
        let mut r = from;
        while r < to {
            let x = x.add(r * n);
            let y = y.add(r * n);
            let mean = sum_of::<S>(x, n) * share;
            let variance = squares_around::<S>(x, mean, n) * share;
            let inverse = 1.0 / (variance + epsilon).sqrt();
            *kept.add(2 * r) = mean;
            *kept.add(2 * r + 1) = inverse;
            let vm = S::splat(mean);
            let vi = S::splat(inverse);
            let mut c = 0;
            while c < n {
                let h = S::mul(S::sub(S::get(x, c, n, 0.0), vm), vi);
                let value = S::fma(h, S::get(scale, c, n, 0.0), S::get(bias, c, n, 0.0));
                S::put(y, c, n, value);
                c += S::LANES;
            }
            r += 1;
        }
    }
}

/// One vector of a row of the gradient, of which `left` floats are left: adds to the gradients of scale and bias,
/// and returns the sums of g = dy·scale and of g·h.
///
/// # Safety
/// Reads min(left, LANES) floats of x, scale and dy; reads and writes as many of d_scale and d_bias.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn gradient_sums<S: Simd>(
    x: *const f32,
    scale: *const f32,
    dy: *const f32,
    d_scale: *mut f32,
    d_bias: *mut f32,
    left: usize,
    mean: S::F,
    inverse: S::F,
    s: S::F,
    t: S::F,
) -> (S::F, S::F) {
    unsafe {
        // Lanes beyond the row are 0 in d, so they add nothing.
        let d = S::get(dy, 0, left, 0.0);
        let h = S::mul(S::sub(S::get(x, 0, left, 0.0), mean), inverse);
        let g = S::mul(d, S::get(scale, 0, left, 0.0));
        S::put(d_scale, 0, left, S::fma(d, h, S::get(d_scale, 0, left, 0.0)));
        S::put(d_bias, 0, left, S::add(S::get(d_bias, 0, left, 0.0), d));
        (S::add(s, g), S::fma(g, h, t))
    }
}

/// Gradients of [`layer_norm_rows`]; those of scale and bias are this part's sums, `[n]` each. dx may be dy.
///
/// # Safety
/// Reads x and dy and writes dx `[from·n, to·n)`; reads n floats of scale and kept `[2·from, 2·to)`; writes n
/// floats of d_scale and of d_bias.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn layer_norm_gradient_rows<S: Simd>(
    x: *const f32,
    scale: *const f32,
    dy: *const f32,
    dx: *mut f32,
    kept: *const f32,
    d_scale: *mut f32,
    d_bias: *mut f32,
    n: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let share = 1.0 / n as f32;
        core::ptr::write_bytes(d_scale, 0, n);
        core::ptr::write_bytes(d_bias, 0, n);
        let mut r = from;
        while r < to {
            let x = x.add(r * n);
            let dy = dy.add(r * n);
            let dx = dx.add(r * n);
            let vm = S::splat(*kept.add(2 * r));
            let vi = S::splat(*kept.add(2 * r + 1));
            let mut s0 = S::splat(0.0);
            let mut s1 = s0;
            let mut t0 = s0;
            let mut t1 = s0;
            let mut c = 0;
            while c + 2 * S::LANES <= n {
                let (p, q) = (x.add(c), dy.add(c));
                let (w, to_scale, to_bias) = (scale.add(c), d_scale.add(c), d_bias.add(c));
                (s0, t0) = gradient_sums::<S>(p, w, q, to_scale, to_bias, n - c, vm, vi, s0, t0);
                let (p, q) = (p.add(S::LANES), q.add(S::LANES));
                let (w, to_scale) = (w.add(S::LANES), to_scale.add(S::LANES));
                let (to_bias, left) = (to_bias.add(S::LANES), n - c - S::LANES);
                (s1, t1) = gradient_sums::<S>(p, w, q, to_scale, to_bias, left, vm, vi, s1, t1);
                c += 2 * S::LANES;
            }
            while c < n {
                let (p, q) = (x.add(c), dy.add(c));
                let (w, to_scale, to_bias) = (scale.add(c), d_scale.add(c), d_bias.add(c));
                (s0, t0) = gradient_sums::<S>(p, w, q, to_scale, to_bias, n - c, vm, vi, s0, t0);
                c += S::LANES;
            }
            let s = S::add(s0, s1);
            let t = S::add(t0, t1);
            // dx = inverse·(g - mean of g - h·mean of g·h), with what a row has in common taken together.
            let inverse = *kept.add(2 * r + 1);
            let level = S::splat(-inverse * (S::sum(s) * share));
            let slope = S::splat(-inverse * inverse * (S::sum(t) * share));
            c = 0;
            while c < n {
                let centred = S::sub(S::get(x, c, n, 0.0), vm);
                let g = S::mul(S::get(dy, c, n, 0.0), S::get(scale, c, n, 0.0));
                let value = S::fma(centred, slope, S::fma(g, vi, level));
                S::put(dx, c, n, value);
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

    fn scaled(seed: u64, n: usize, by: f32) -> Vec<f32> {
        floats(seed, n).iter().map(|v| v * by).collect()
    }

    fn exact(x: &[f32]) -> Vec<f64> {
        x.iter().map(|&v| v as f64).collect()
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn softmax<S: Simd>() {
            unsafe {
                for n in lengths(1..70) {
                    for scale in [1.0f32, 0.125, -2.0] {
                        let x = scaled(n as u64, 4 * n, 20.0);
                        let mut want = exact(&x);
                        for row in want.chunks_mut(n).skip(1) {
                            let m = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                            for v in row.iter_mut() {
                                *v = ((*v - m) * scale as f64).exp();
                            }
                            let sum: f64 = row.iter().sum();
                            for v in row.iter_mut() {
                                *v /= sum;
                            }
                        }
                        let mut y = Guarded::of(&x);
                        softmax_rows::<S>(x.as_ptr(), y.at(), n, scale, 1, 4);
                        let name = format!("softmax of {n}");
                        expect_close(&name, y.values(), &want, 1e-5, 1e-37);
                        let mut y = Guarded::of(&x);
                        softmax_rows::<S>(y.at(), y.at(), n, scale, 1, 4);
                        expect_close(&name, y.values(), &want, 1e-5, 1e-37);
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn softmax_of_odd_rows<S: Simd>() {
            unsafe {
                for n in lengths(1..70) {
                    let mut x = vec![0.5; n];
                    x[n / 2] = f32::NEG_INFINITY;
                    let mut y = Guarded::new(n);
                    softmax_rows::<S>(x.as_ptr(), y.at(), n, 1.0, 0, 1);
                    if n > 1 {
                        assert!(y.values()[n / 2] < 1e-37);
                        assert!((y.values().iter().sum::<f32>() - 1.0).abs() < 1e-6);
                    }
                    x[n / 2] = f32::NAN;
                    softmax_rows::<S>(x.as_ptr(), y.at(), n, 1.0, 0, 1);
                    assert!(y.values().iter().all(|v| v.is_nan()), "{n}");
                }
            }
        }

        #[inline(always)]
        pub unsafe fn softmax_gradient<S: Simd>() {
            unsafe {
                for n in lengths(1..150) {
                    let (y, dy) = (floats(n as u64, 3 * n), floats(n as u64 + 1, 3 * n));
                    let mut want = exact(&dy);
                    for r in 1..3 {
                        let along: f64 =
                            (0..n).map(|c| y[r * n + c] as f64 * want[r * n + c]).sum();
                        for c in r * n..(r + 1) * n {
                            want[c] = 0.25 * y[c] as f64 * (want[c] - along);
                        }
                    }
                    let mut dx = Guarded::of(&dy);
                    softmax_gradient_rows::<S>(y.as_ptr(), dx.at(), dx.at(), n, 0.25, 1, 3);
                    expect_close("softmax gradient", dx.values(), &want, 1e-5, 1e-5);
                }
            }
        }

        #[inline(always)]
        pub unsafe fn layer_norm<S: Simd>() {
            unsafe {
                let epsilon = 1e-6;
                for n in lengths(1..150) {
                    let seed = 10 * n as u64;
                    let x: Vec<f32> = scaled(seed, 3 * n, 3.0).iter().map(|v| v + 1.0).collect();
                    let (scale, bias) = (floats(seed + 1, n), floats(seed + 2, n));
                    let mut want = exact(&x);
                    let mut want_kept = vec![7.0; 6];
                    for (r, row) in want.chunks_mut(n).enumerate().skip(1) {
                        let mean = row.iter().sum::<f64>() / n as f64;
                        let square = row.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
                        let inverse = 1.0 / (square / n as f64 + epsilon as f64).sqrt();
                        (want_kept[2 * r], want_kept[2 * r + 1]) = (mean, inverse);
                        for (c, v) in row.iter_mut().enumerate() {
                            *v = (*v - mean) * inverse * scale[c] as f64 + bias[c] as f64;
                        }
                    }
                    if n == 1 {
                        continue; // what is left of a mean is rounding, times 1000
                    }
                    let (mut y, mut kept) = (Guarded::of(&x), Guarded::new(6));
                    let (ps, pb) = (scale.as_ptr(), bias.as_ptr());
                    layer_norm_rows::<S>(y.at(), ps, pb, y.at(), kept.at(), n, epsilon, 1, 3);
                    expect_close("kept", kept.values(), &want_kept, 1e-4, 1e-6);
                    expect_close("layer norm", y.values(), &want, 1e-4, 1e-4);
                }
            }
        }

        #[inline(always)]
        pub unsafe fn layer_norm_gradient<S: Simd>() {
            unsafe {
                for n in lengths(1..150) {
                    let seed = 10 * n as u64;
                    let (x, dy) = (floats(seed, 3 * n), floats(seed + 1, 3 * n));
                    let scale = floats(seed + 2, n);
                    let kept = [0.0f32, 0.0, 0.1, 1.5, -0.2, 0.7];
                    let mut want = exact(&dy);
                    let (mut want_scale, mut want_bias) = (vec![0.0; n], vec![0.0; n]);
                    for r in 1..3 {
                        let (mean, inverse) = (kept[2 * r] as f64, kept[2 * r + 1] as f64);
                        let h: Vec<f64> =
                            (0..n).map(|c| (x[r * n + c] as f64 - mean) * inverse).collect();
                        let row = &mut want[r * n..(r + 1) * n];
                        let (mut s, mut t) = (0.0, 0.0);
                        for c in 0..n {
                            want_scale[c] += row[c] * h[c];
                            want_bias[c] += row[c];
                            row[c] *= scale[c] as f64;
                            s += row[c] / n as f64;
                            t += row[c] * h[c] / n as f64;
                        }
                        for c in 0..n {
                            row[c] = inverse * (row[c] - s - h[c] * t);
                        }
                    }
                    let (mut dx, mut ds, mut db) =
                        (Guarded::of(&dy), Guarded::new(n), Guarded::new(n));
                    layer_norm_gradient_rows::<S>(
                        x.as_ptr(),
                        scale.as_ptr(),
                        dx.at(),
                        dx.at(),
                        kept.as_ptr(),
                        ds.at(),
                        db.at(),
                        n,
                        1,
                        3,
                    );
                    expect_close("dx", dx.values(), &want, 1e-5, 2e-6);
                    expect_close("scale", ds.values(), &want_scale, 1e-5, 1e-6);
                    expect_close("bias", db.values(), &want_bias, 1e-5, 1e-6);
                }
            }
        }
    }

    tests_of_each! { softmax softmax_of_odd_rows softmax_gradient layer_norm layer_norm_gradient }
}
