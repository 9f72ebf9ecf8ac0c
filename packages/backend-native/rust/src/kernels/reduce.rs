//! Reductions of [outer, reduced, inner] to [outer, inner]. The order of a sum depends on the shape alone.

use crate::simd::Simd;

const SUM: u32 = 0;
const LARGEST: u32 = 1;
const SMALLEST: u32 = 2;

/// One number more.
///
/// # Safety
/// Touches no memory.
#[inline(always)]
unsafe fn join<S: Simd, const CODE: u32>(a: S::F, b: S::F) -> S::F {
    unsafe {
        match CODE {
            SUM => S::add(a, b),
            LARGEST => S::max(a, b),
            _ => S::min(a, b),
        }
    }
}

/// What nothing reduces to.
const fn start(code: u32) -> f32 {
    match code {
        SUM => 0.0,
        LARGEST => f32::NEG_INFINITY,
        _ => f32::INFINITY,
    }
}

/// What the lanes reduce to.
///
/// # Safety
/// Touches no memory.
#[inline(always)]
unsafe fn lanes<S: Simd, const CODE: u32>(v: S::F) -> f32 {
    unsafe {
        match CODE {
            SUM => S::sum(v),
            LARGEST => S::largest(v),
            _ => -S::largest(S::neg(v)),
        }
    }
}

/// A row of n floats to one.
///
/// # Safety
/// Reads n floats of x.
#[inline(always)]
unsafe fn row<S: Simd, const CODE: u32>(x: *const f32, n: usize) -> f32 {
    unsafe {
        let nothing = const { start(CODE) };
        let mut s0 = S::splat(nothing);
        let mut s1 = s0;
        let mut s2 = s0;
        let mut s3 = s0;
        let mut c = 0;
        while c + 4 * S::LANES <= n {
            s0 = join::<S, CODE>(s0, S::load(x.add(c)));
            s1 = join::<S, CODE>(s1, S::load(x.add(c + S::LANES)));
            s2 = join::<S, CODE>(s2, S::load(x.add(c + 2 * S::LANES)));
            s3 = join::<S, CODE>(s3, S::load(x.add(c + 3 * S::LANES)));
            c += 4 * S::LANES;
        }
        while c + S::LANES <= n {
            s0 = join::<S, CODE>(s0, S::load(x.add(c)));
            c += S::LANES;
        }
        if c < n {
            s1 = join::<S, CODE>(s1, S::load_part(x.add(c), n - c, nothing));
        }
        let low = join::<S, CODE>(s0, s1);
        let high = join::<S, CODE>(s2, s3);
        lanes::<S, CODE>(join::<S, CODE>(low, high))
    }
}

/// The sum of n floats.
///
/// # Safety
/// Reads n floats of x.
#[inline(always)]
pub unsafe fn sum_of<S: Simd>(x: *const f32, n: usize) -> f32 {
    unsafe { row::<S, SUM>(x, n) }
}

/// The largest of n floats, -infinity of none; NaN where one is.
///
/// # Safety
/// Reads n floats of x.
#[inline(always)]
pub unsafe fn largest_of<S: Simd>(x: *const f32, n: usize) -> f32 {
    unsafe { row::<S, LARGEST>(x, n) }
}

/// Rows `from` to `to` of `[outer, reduced]`, each to one number, a sum times `scale`.
///
/// Codes: 0 sum, 1 largest, 2 smallest.
///
/// # Safety
/// Reads x `[from·reduced, to·reduced)`, writes y `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn reduce_rows<S: Simd>(
    code: u32,
    x: *const f32,
    y: *mut f32,
    reduced: usize,
    scale: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut r = from;
        while r < to {
            let at = x.add(r * reduced);
            *y.add(r) = match code {
                SUM => row::<S, SUM>(at, reduced) * scale,
                LARGEST => row::<S, LARGEST>(at, reduced),
                _ => row::<S, SMALLEST>(at, reduced),
            };
            r += 1;
        }
    }
}

/// Rows of `inner` floats to one row. Blocks of columns stay in registers from the first row to the last.
///
/// # Safety
/// Reads rows·inner floats of x, writes inner of y.
#[inline(always)]
unsafe fn columns<S: Simd, const CODE: u32>(
    x: *const f32,
    y: *mut f32,
    rows: usize,
    inner: usize,
    scale: f32,
) {
    unsafe {
        let nothing = const { start(CODE) };
        let v = S::splat(scale);
        let mut c = 0;
        while c + 4 * S::LANES <= inner {
            let mut s0 = S::splat(nothing);
            let mut s1 = s0;
            let mut s2 = s0;
            let mut s3 = s0;
            let mut r = 0;
            while r < rows {
                let at = x.add(r * inner + c);
                s0 = join::<S, CODE>(s0, S::load(at));
                s1 = join::<S, CODE>(s1, S::load(at.add(S::LANES)));
                s2 = join::<S, CODE>(s2, S::load(at.add(2 * S::LANES)));
                s3 = join::<S, CODE>(s3, S::load(at.add(3 * S::LANES)));
                r += 1;
            }
            let result = y.add(c);
            S::store(result, S::mul(s0, v));
            S::store(result.add(S::LANES), S::mul(s1, v));
            S::store(result.add(2 * S::LANES), S::mul(s2, v));
            S::store(result.add(3 * S::LANES), S::mul(s3, v));
            c += 4 * S::LANES;
        }
        while c + S::LANES <= inner {
            let mut s = S::splat(nothing);
            let mut r = 0;
            while r < rows {
                s = join::<S, CODE>(s, S::load(x.add(r * inner + c)));
                r += 1;
            }
            S::store(y.add(c), S::mul(s, v));
            c += S::LANES;
        }
        if c < inner {
            let mut s = S::splat(nothing);
            let mut r = 0;
            while r < rows {
                let part = S::load_part(x.add(r * inner + c), inner - c, nothing);
                s = join::<S, CODE>(s, part);
                r += 1;
            }
            S::store_part(y.add(c), S::mul(s, v), inner - c);
        }
    }
}

/// Blocks `from` to `to` of `[outer, reduced, inner]`, each to `[inner]`, times `scale`.
///
/// Codes: 0 sum, 1 largest, 2 smallest.
///
/// # Safety
/// Reads x `[from·reduced·inner, to·reduced·inner)`, writes y `[from·inner, to·inner)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn reduce_columns<S: Simd>(
    code: u32,
    x: *const f32,
    y: *mut f32,
    reduced: usize,
    inner: usize,
    scale: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut o = from;
        while o < to {
            let at = x.add(o * reduced * inner);
            let result = y.add(o * inner);
            match code {
                SUM => columns::<S, SUM>(at, result, reduced, inner, scale),
                LARGEST => columns::<S, LARGEST>(at, result, reduced, inner, scale),
                _ => columns::<S, SMALLEST>(at, result, reduced, inner, scale),
            }
            o += 1;
        }
    }
}

/// Rows `from` to `to` of `[reduced, inner]` to row `task` of the partial results `[tasks, inner]`.
///
/// # Safety
/// Reads x `[from·inner, to·inner)`, writes parts `[task·inner, (task + 1)·inner)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn reduce_parts<S: Simd>(
    code: u32,
    x: *const f32,
    parts: *mut f32,
    inner: usize,
    task: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let at = x.add(from * inner);
        let result = parts.add(task * inner);
        reduce_columns::<S>(code, at, result, to - from, inner, 1.0, 0, 1);
    }
}

/// Σ x² of n floats.
///
/// # Safety
/// Reads n floats of x.
#[inline(always)]
pub unsafe fn sum_of_squares<S: Simd>(x: *const f32, n: usize) -> f32 {
    unsafe {
        let mut s0 = S::splat(0.0);
        let mut s1 = s0;
        let mut s2 = s0;
        let mut s3 = s0;
        let mut c = 0;
        while c + 4 * S::LANES <= n {
            let v0 = S::load(x.add(c));
            let v1 = S::load(x.add(c + S::LANES));
            let v2 = S::load(x.add(c + 2 * S::LANES));
            let v3 = S::load(x.add(c + 3 * S::LANES));
            s0 = S::fma(v0, v0, s0);
            s1 = S::fma(v1, v1, s1);
            s2 = S::fma(v2, v2, s2);
            s3 = S::fma(v3, v3, s3);
            c += 4 * S::LANES;
        }
        while c < n {
            let v = S::get(x, c, n, 0.0);
            s0 = S::fma(v, v, s0);
            c += S::LANES;
        }
        S::sum(S::add(S::add(s0, s1), S::add(s2, s3)))
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::testing::{
        Guarded, expect_close, expect_same, floats, lengths, tests_of_each,
    };
    use crate::simd::Simd;

    /// One column of `[rows, inner]` reduced.
    fn column(code: u32, x: &[f32], inner: usize, c: usize) -> f64 {
        let values = x.iter().skip(c).step_by(inner).map(|&v| v as f64);
        match code {
            0 => values.sum(),
            1 => values.fold(f64::NEG_INFINITY, f64::max),
            _ => values.fold(f64::INFINITY, f64::min),
        }
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn rows<S: Simd>() {
            unsafe {
                for n in lengths(0..150) {
                    let x = floats(n as u64, 4 * n);
                    for code in 0..3 {
                        let mut y = Guarded::new(4);
                        reduce_rows::<S>(code, x.as_ptr(), y.at(), n, 0.5, 1, 4);
                        let mut want = vec![7.0; 4];
                        for r in 1..4 {
                            let value = column(code, &x[r * n..(r + 1) * n], 1, 0);
                            want[r] = if code == 0 { value * 0.5 } else { value };
                        }
                        let name = format!("row {code} of {n}");
                        expect_close(&name, y.values(), &want, 0.0, 1e-5);
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn not_a_number<S: Simd>() {
            unsafe {
                for n in lengths(1..140) {
                    for at in [0, n / 2, n - 1] {
                        for code in 0..3 {
                            let mut x = floats(3, n);
                            x[at] = f32::NAN;
                            let mut y = Guarded::new(1);
                            reduce_rows::<S>(code, x.as_ptr(), y.at(), n, 1.0, 0, 1);
                            assert!(y.values()[0].is_nan(), "{code} of {n} at {at}");
                            reduce_columns::<S>(code, x.as_ptr(), y.at(), n, 1, 1.0, 0, 1);
                            assert!(y.values()[0].is_nan(), "{code} of {n} at {at}");
                        }
                    }
                }
                let x = [f32::INFINITY, 1.0, f32::NEG_INFINITY];
                for (code, want) in [(0, f32::NAN), (1, f32::INFINITY), (2, f32::NEG_INFINITY)] {
                    let mut y = Guarded::new(1);
                    reduce_rows::<S>(code, x.as_ptr(), y.at(), 3, 1.0, 0, 1);
                    expect_same("infinite", y.values(), &[want]);
                }
            }
        }

        #[inline(always)]
        pub unsafe fn blocks<S: Simd>() {
            unsafe {
                for inner in lengths(0..140) {
                    let reduced = inner % 5;
                    let x = floats(inner as u64, 3 * reduced * inner);
                    for code in 0..3 {
                        let mut y = Guarded::new(3 * inner);
                        reduce_columns::<S>(code, x.as_ptr(), y.at(), reduced, inner, 2.0, 1, 3);
                        let mut want = vec![7.0; 3 * inner];
                        for o in 1..3 {
                            let block = &x[o * reduced * inner..(o + 1) * reduced * inner];
                            for c in 0..inner {
                                want[o * inner + c] = 2.0 * column(code, block, inner, c);
                            }
                        }
                        let name = format!("columns {code} of {inner}");
                        expect_close(&name, y.values(), &want, 0.0, 1e-5);
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn parts<S: Simd>() {
            unsafe {
                let inner = 21;
                let x = floats(9, 10 * inner);
                let mut parts = Guarded::new(3 * inner);
                for (task, (from, to)) in [(0, 4), (4, 8), (8, 10)].into_iter().enumerate() {
                    reduce_parts::<S>(0, x.as_ptr(), parts.at(), inner, task, from, to);
                }
                let mut y = Guarded::new(inner);
                reduce_columns::<S>(0, parts.at(), y.at(), 3, inner, 1.0, 0, 1);
                parts.values();
                let want: Vec<f64> = (0..inner).map(|c| column(0, &x, inner, c)).collect();
                expect_close("parts", y.values(), &want, 0.0, 1e-5);
            }
        }

        #[inline(always)]
        pub unsafe fn squares<S: Simd>() {
            unsafe {
                for n in lengths(0..150) {
                    let x = floats(n as u64, n);
                    let got = sum_of_squares::<S>(x.as_ptr(), n);
                    let want = x.iter().map(|&v| v as f64 * v as f64).sum();
                    expect_close("squares", &[got], &[want], 1e-6, 0.0);
                }
            }
        }
    }

    tests_of_each! { rows not_a_number blocks parts squares }
}
