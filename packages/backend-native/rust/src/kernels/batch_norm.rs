//! Batch normalisation of columns `from` to `to` of [rows, width], forward and backward: row after row, with the
//! sums of all these columns in the first cache. The order of a sum depends on the shape alone.

use crate::simd::Simd;

/// y = (x - mean)·inverse·scale + bias; `kept` `[2, width]` gets the means and inverse deviations.
///
/// # Safety
/// Reads x and writes y, columns `[from, to)` of `rows` rows of `width`; reads scale and bias `[from, to)`;
/// writes these columns of both rows of kept.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn batch_norm_columns<S: Simd>(
    x: *const f32,
    scale: *const f32,
    bias: *const f32,
    y: *mut f32,
    kept: *mut f32,
    rows: usize,
    width: usize,
    epsilon: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let n = to - from;
        let mean = kept.add(from);
        let inverse = mean.add(width);
        let share = S::splat(1.0 / rows as f32);
        let (x, y) = (x.add(from), y.add(from));
        let (scale, bias) = (scale.add(from), bias.add(from));
        core::ptr::write_bytes(mean, 0, n);
        core::ptr::write_bytes(inverse, 0, n);
        let mut r = 0;
        while r < rows {
            let row = x.add(r * width);
            let mut c = 0;
            while c < n {
                let sum = S::add(S::get(mean, c, n, 0.0), S::get(row, c, n, 0.0));
                S::put(mean, c, n, sum);
                c += S::LANES;
            }
            r += 1;
        }
        let mut c = 0;
        while c < n {
            S::put(mean, c, n, S::mul(S::get(mean, c, n, 0.0), share));
            c += S::LANES;
        }
        r = 0;
        while r < rows {
            let row = x.add(r * width);
            c = 0;
            while c < n {
                let d = S::sub(S::get(row, c, n, 0.0), S::get(mean, c, n, 0.0));
                S::put(inverse, c, n, S::fma(d, d, S::get(inverse, c, n, 0.0)));
                c += S::LANES;
            }
            r += 1;
        }
        c = 0;
        while c < n {
            let variance = S::mul(S::get(inverse, c, n, 0.0), share);
            let deviation = S::sqrt(S::add(variance, S::splat(epsilon)));
            S::put(inverse, c, n, S::div(S::splat(1.0), deviation));
            c += S::LANES;
        }
        r = 0;
        while r < rows {
            let row = x.add(r * width);
            let result = y.add(r * width);
            c = 0;
            while c < n {
                let d = S::sub(S::get(row, c, n, 0.0), S::get(mean, c, n, 0.0));
                let h = S::mul(d, S::get(inverse, c, n, 0.0));
                let value = S::fma(h, S::get(scale, c, n, 0.0), S::get(bias, c, n, 0.0));
                S::put(result, c, n, value);
                c += S::LANES;
            }
            r += 1;
        }
    }
}

/// Gradients of [`batch_norm_columns`]: dx, and those of scale and bias, `[width]` each. dx may be dy.
///
/// # Safety
/// Reads x and dy and writes dx, columns `[from, to)` of `rows` rows of `width`; reads scale `[from, to)` and
/// these columns of both rows of kept; writes d_scale and d_bias `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn batch_norm_gradient_columns<S: Simd>(
    x: *const f32,
    scale: *const f32,
    dy: *const f32,
    dx: *mut f32,
    kept: *const f32,
    d_scale: *mut f32,
    d_bias: *mut f32,
    rows: usize,
    width: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let n = to - from;
        let mean = kept.add(from);
        let inverse = mean.add(width);
        let share = S::splat(1.0 / rows as f32);
        let (x, dy, dx) = (x.add(from), dy.add(from), dx.add(from));
        let scale = scale.add(from);
        let (d_scale, d_bias) = (d_scale.add(from), d_bias.add(from));
        core::ptr::write_bytes(d_scale, 0, n);
        core::ptr::write_bytes(d_bias, 0, n);
        let mut r = 0;
        while r < rows {
            let (row, given) = (x.add(r * width), dy.add(r * width));
            let mut c = 0;
            while c < n {
                let d = S::get(given, c, n, 0.0);
                let centred = S::sub(S::get(row, c, n, 0.0), S::get(mean, c, n, 0.0));
                let h = S::mul(centred, S::get(inverse, c, n, 0.0));
                S::put(d_scale, c, n, S::fma(d, h, S::get(d_scale, c, n, 0.0)));
                S::put(d_bias, c, n, S::add(S::get(d_bias, c, n, 0.0), d));
                c += S::LANES;
            }
            r += 1;
        }
        r = 0;
        while r < rows {
            let (row, given) = (x.add(r * width), dy.add(r * width));
            let result = dx.add(r * width);
            let mut c = 0;
            while c < n {
                let i = S::get(inverse, c, n, 0.0);
                let h = S::mul(S::sub(S::get(row, c, n, 0.0), S::get(mean, c, n, 0.0)), i);
                let along = S::mul(h, S::mul(S::get(d_scale, c, n, 0.0), share));
                let level = S::mul(S::get(d_bias, c, n, 0.0), share);
                let d = S::sub(S::sub(S::get(given, c, n, 0.0), level), along);
                let value = S::mul(d, S::mul(i, S::get(scale, c, n, 0.0)));
                S::put(result, c, n, value);
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

    const ROWS: usize = 9;

    /// Columns `from` to `to` of some rows are as wanted, the others untouched.
    fn expect_columns(name: &str, got: &[f32], want: &[f64], width: usize, from: usize, to: usize) {
        for (got, want) in got.chunks(width).zip(want.chunks(width)) {
            expect_close(name, &got[from..to], &want[from..to], 1e-4, 1e-5);
            assert!(got[..from].iter().chain(&got[to..]).all(|&v| v == 7.0), "{name}: others");
        }
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn forward_and_back<S: Simd>() {
            unsafe {
                for width in lengths(1..70) {
                    let (from, to) = (width / 4, width - width / 7);
                    let seed = 5 * width as u64;
                    let (x, dy) = (floats(seed, ROWS * width), floats(seed + 1, ROWS * width));
                    let (scale, bias) = (floats(seed + 2, width), floats(seed + 3, width));
                    let epsilon = 1e-3;
                    let (mut y, mut kept) = (Guarded::new(ROWS * width), Guarded::new(2 * width));
                    batch_norm_columns::<S>(
                        x.as_ptr(),
                        scale.as_ptr(),
                        bias.as_ptr(),
                        y.at(),
                        kept.at(),
                        ROWS,
                        width,
                        epsilon,
                        from,
                        to,
                    );
                    let mut dx = Guarded::new(ROWS * width);
                    let (mut ds, mut db) = (Guarded::new(width), Guarded::new(width));
                    batch_norm_gradient_columns::<S>(
                        x.as_ptr(),
                        scale.as_ptr(),
                        dy.as_ptr(),
                        dx.at(),
                        kept.at(),
                        ds.at(),
                        db.at(),
                        ROWS,
                        width,
                        from,
                        to,
                    );
                    let mut want_y = vec![7.0; ROWS * width];
                    let mut want_dx = want_y.clone();
                    let (mut want_ds, mut want_db) = (vec![7.0; width], vec![7.0; width]);
                    let mut want_kept = vec![7.0; 2 * width];
                    for c in 0..width {
                        let rows = ROWS as f64;
                        let column: Vec<f64> = (0..ROWS).map(|r| x[r * width + c] as f64).collect();
                        let given: Vec<f64> = (0..ROWS).map(|r| dy[r * width + c] as f64).collect();
                        let mean = column.iter().sum::<f64>() / rows;
                        let square: f64 = column.iter().map(|v| (v - mean) * (v - mean)).sum();
                        let inverse = 1.0 / (square / rows + epsilon as f64).sqrt();
                        let h: Vec<f64> = column.iter().map(|v| (v - mean) * inverse).collect();
                        let (s, b) = (scale[c] as f64, bias[c] as f64);
                        let along: f64 = given.iter().zip(&h).map(|(d, h)| d * h).sum();
                        let level: f64 = given.iter().sum();
                        (want_ds[c], want_db[c]) = (along, level);
                        (want_kept[c], want_kept[width + c]) = (mean, inverse);
                        for r in 0..ROWS {
                            want_y[r * width + c] = h[r] * s + b;
                            let d = given[r] - level / rows - h[r] * along / rows;
                            want_dx[r * width + c] = d * inverse * s;
                        }
                    }
                    expect_columns("y", y.values(), &want_y, width, from, to);
                    expect_columns("kept", kept.values(), &want_kept, width, from, to);
                    expect_columns("dx", dx.values(), &want_dx, width, from, to);
                    expect_columns("scale", ds.values(), &want_ds, width, from, to);
                    expect_columns("bias", db.values(), &want_db, width, from, to);
                }
            }
        }
    }

    tests_of_each! { forward_and_back }
}
