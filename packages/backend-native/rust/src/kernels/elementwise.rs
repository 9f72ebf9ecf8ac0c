//! Functions of one or two numbers, element by element. Which function is a code, constant in each copy of a
//! loop, so that the compiler leaves one straight loop for each.

use crate::math::{erf, exp, gelu_and_slope, log, sigmoid, tanh};
use crate::simd::Simd;

/// One of the functions of one number; `p` and `q` are its parameters.
///
/// # Safety
/// Touches no memory.
#[inline(always)]
unsafe fn unary<S: Simd, const CODE: u32>(x: S::F, p: S::F, q: S::F) -> S::F {
    unsafe {
        let zero = S::splat(0.0);
        let one = S::splat(1.0);
        match CODE {
            0 => S::neg(x),
            1 => S::abs(x),
            2 => S::mul(x, x),
            3 => S::sqrt(x),
            4 => S::div(one, S::sqrt(x)),
            5 => S::div(one, x),
            6 => exp::<S>(x),
            7 => log::<S>(x),
            8 => tanh::<S>(x),
            9 => sigmoid::<S>(x),
            10 => erf::<S>(x),
            // Relu, Relu6: NaN stays, since a comparison with it is false.
            11 => S::choose(S::lt(x, zero), zero, x),
            12 => S::min(S::choose(S::lt(x, zero), zero, x), S::splat(6.0)),
            // Elu, LeakyRelu.
            13 => S::choose(S::lt(x, zero), S::sub(exp::<S>(x), one), x),
            14 => S::choose(S::lt(x, zero), S::mul(x, p), x),
            // Step.
            15 => {
                let stepped = S::choose(S::gt(x, zero), one, p);
                S::choose(S::eq(x, x), stepped, x)
            }
            // ClipByValue.
            16 => S::choose(S::gt(x, q), q, S::choose(S::lt(x, p), p, x)),
            // Sign.
            17 => {
                let negative = S::choose(S::lt(x, zero), S::splat(-1.0), zero);
                S::choose(S::gt(x, zero), one, negative)
            }
            18 => S::floor(x),
            19 => S::ceil(x),
            _ => S::fma(x, p, q), // 20: a line
        }
    }
}

/// y = f(x) for n floats.
///
/// # Safety
/// Reads n floats of x, writes n of y.
#[inline(always)]
unsafe fn unary_loop<S: Simd, const CODE: u32>(
    x: *const f32,
    y: *mut f32,
    n: usize,
    p: f32,
    q: f32,
) {
    unsafe {
        let vp = S::splat(p);
        let vq = S::splat(q);
        let mut i = 0;
        while i + S::LANES <= n {
            S::store(y.add(i), unary::<S, CODE>(S::load(x.add(i)), vp, vq));
            i += S::LANES;
        }
        if i < n {
            let part = S::load_part(x.add(i), n - i, 1.0);
            S::store_part(y.add(i), unary::<S, CODE>(part, vp, vq), n - i);
        }
    }
}

/// y = f(x) for floats `from` to `to`; y may be x.
///
/// # Safety
/// Reads x and writes y `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn unary_kernel<S: Simd>(
    code: u32,
    x: *const f32,
    y: *mut f32,
    p: f32,
    q: f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let (x, y, n) = (x.add(from), y.add(from), to - from);
        match code {
            0 => unary_loop::<S, 0>(x, y, n, p, q),
            1 => unary_loop::<S, 1>(x, y, n, p, q),
            2 => unary_loop::<S, 2>(x, y, n, p, q),
            3 => unary_loop::<S, 3>(x, y, n, p, q),
            4 => unary_loop::<S, 4>(x, y, n, p, q),
            5 => unary_loop::<S, 5>(x, y, n, p, q),
            6 => unary_loop::<S, 6>(x, y, n, p, q),
            7 => unary_loop::<S, 7>(x, y, n, p, q),
            8 => unary_loop::<S, 8>(x, y, n, p, q),
            9 => unary_loop::<S, 9>(x, y, n, p, q),
            10 => unary_loop::<S, 10>(x, y, n, p, q),
            11 => unary_loop::<S, 11>(x, y, n, p, q),
            12 => unary_loop::<S, 12>(x, y, n, p, q),
            13 => unary_loop::<S, 13>(x, y, n, p, q),
            14 => unary_loop::<S, 14>(x, y, n, p, q),
            15 => unary_loop::<S, 15>(x, y, n, p, q),
            16 => unary_loop::<S, 16>(x, y, n, p, q),
            17 => unary_loop::<S, 17>(x, y, n, p, q),
            18 => unary_loop::<S, 18>(x, y, n, p, q),
            19 => unary_loop::<S, 19>(x, y, n, p, q),
            _ => unary_loop::<S, 20>(x, y, n, p, q),
        }
    }
}

/// One of the functions of two numbers.
///
/// # Safety
/// Touches no memory.
#[inline(always)]
unsafe fn binary<S: Simd, const CODE: u32>(a: S::F, b: S::F) -> S::F {
    unsafe {
        match CODE {
            0 => S::add(a, b),
            1 => S::sub(a, b),
            2 => S::mul(a, b),
            3 => S::div(a, b),
            4 => S::max(a, b),
            5 => S::min(a, b),
            _ => {
                let d = S::sub(a, b); // 6: squared difference
                S::mul(d, d)
            }
        }
    }
}

/// A side whose `step` is 0 is one number.
///
/// # Safety
/// Reads n floats of a and b, or one of a side whose step is 0; writes n of y.
#[inline(always)]
unsafe fn binary_loop<S: Simd, const CODE: u32>(
    a: *const f32,
    step_a: usize,
    b: *const f32,
    step_b: usize,
    y: *mut f32,
    n: usize,
) {
    unsafe {
        if n == 0 {
            return;
        }
        let mut i = 0;
        if step_a != 0 && step_b != 0 {
            while i + S::LANES <= n {
                let value = binary::<S, CODE>(S::load(a.add(i)), S::load(b.add(i)));
                S::store(y.add(i), value);
                i += S::LANES;
            }
            if i < n {
                let left = S::load_part(a.add(i), n - i, 1.0);
                let right = S::load_part(b.add(i), n - i, 1.0);
                S::store_part(y.add(i), binary::<S, CODE>(left, right), n - i);
            }
        } else if step_a != 0 {
            let right = S::splat(*b);
            while i + S::LANES <= n {
                S::store(y.add(i), binary::<S, CODE>(S::load(a.add(i)), right));
                i += S::LANES;
            }
            if i < n {
                let left = S::load_part(a.add(i), n - i, 1.0);
                S::store_part(y.add(i), binary::<S, CODE>(left, right), n - i);
            }
        } else if step_b != 0 {
            let left = S::splat(*a);
            while i + S::LANES <= n {
                S::store(y.add(i), binary::<S, CODE>(left, S::load(b.add(i))));
                i += S::LANES;
            }
            if i < n {
                let right = S::load_part(b.add(i), n - i, 1.0);
                S::store_part(y.add(i), binary::<S, CODE>(left, right), n - i);
            }
        } else {
            let value = binary::<S, CODE>(S::splat(*a), S::splat(*b));
            while i < n {
                S::put(y, i, n, value);
                i += S::LANES;
            }
        }
    }
}

/// y = f(a, b) for n floats.
///
/// # Safety
/// As [`binary_loop`].
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn binary_run<S: Simd>(
    code: u32,
    a: *const f32,
    step_a: usize,
    b: *const f32,
    step_b: usize,
    y: *mut f32,
    n: usize,
) {
    unsafe {
        match code {
            0 => binary_loop::<S, 0>(a, step_a, b, step_b, y, n),
            1 => binary_loop::<S, 1>(a, step_a, b, step_b, y, n),
            2 => binary_loop::<S, 2>(a, step_a, b, step_b, y, n),
            3 => binary_loop::<S, 3>(a, step_a, b, step_b, y, n),
            4 => binary_loop::<S, 4>(a, step_a, b, step_b, y, n),
            5 => binary_loop::<S, 5>(a, step_a, b, step_b, y, n),
            _ => binary_loop::<S, 6>(a, step_a, b, step_b, y, n),
        }
    }
}

/// y = f(a, b) for floats `from` to `to`; a side whose step is 0 is one number. y may be a or b.
///
/// # Safety
/// Reads a and b `[from, to)`, or one float of a side whose step is 0; writes y `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn binary_kernel<S: Simd>(
    code: u32,
    a: *const f32,
    step_a: usize,
    b: *const f32,
    step_b: usize,
    y: *mut f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let a = if step_a != 0 { a.add(from) } else { a };
        let b = if step_b != 0 { b.add(from) } else { b };
        binary_run::<S>(code, a, step_a, b, step_b, y.add(from), to - from);
    }
}

/// Rows `from` to `to` of a broadcast: row r of y is at (r / d1, r % d1) of both sides, whose strides are in
/// floats; within a row, a side whose step is 0 is one number.
///
/// # Safety
/// Reads of a, for each row at i·a0 + j·a1, n floats (one where `step_a` is 0), and of b alike; writes y
/// `[from·n, to·n)`. `d1` is not 0 where there are rows.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn binary_rows<S: Simd>(
    code: u32,
    a: *const f32,
    a0: usize,
    a1: usize,
    step_a: usize,
    b: *const f32,
    b0: usize,
    b1: usize,
    step_b: usize,
    y: *mut f32,
    d1: usize,
    n: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut r = from;
        while r < to {
            let (i, j) = (r / d1, r % d1);
            let left = a.add(i * a0 + j * a1);
            let right = b.add(i * b0 + j * b1);
            binary_run::<S>(code, left, step_a, right, step_b, y.add(r * n), n);
            r += 1;
        }
    }
}

/// Replaces floats `from` to `to` of z by their GELU, and writes its derivative to a second place.
///
/// # Safety
/// Reads and writes z, and writes the derivative, `[from, to)`.
#[inline(always)]
pub unsafe fn gelu_in_place<S: Simd>(z: *mut f32, derivative: *mut f32, from: usize, to: usize) {
    unsafe {
        let mut i = from;
        while i < to {
            let (gelu, slope) = gelu_and_slope::<S>(S::get(z, i, to, 0.0));
            S::put(z, i, to, gelu);
            S::put(derivative, i, to, slope);
            i += S::LANES;
        }
    }
}

/// Selects by a byte each, floats `from` to `to`: y = c ? a : b.
///
/// # Safety
/// Reads c, a and b and writes y `[from, to)`.
#[inline(always)]
pub unsafe fn select_kernel(
    c: *const u8,
    a: *const f32,
    b: *const f32,
    y: *mut f32,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut i = from;
        while i < to {
            // Bits of both, without a branch, so that the compiler takes many at a time.
            let mask = 0u32.wrapping_sub(u32::from(*c.add(i) != 0));
            let (yes, no) = ((*a.add(i)).to_bits(), (*b.add(i)).to_bits());
            *y.add(i) = f32::from_bits((yes & mask) | (no & !mask));
            i += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::testing::{
        Guarded, ODD, expect_close, expect_same, floats, lengths, tests_of_each,
    };
    use crate::simd::Simd;

    /// n numbers, the odd ones among them.
    fn some(seed: u64, n: usize) -> Vec<f32> {
        let mut x: Vec<f32> = floats(seed, n).iter().map(|v| v * 9.0).collect();
        for (i, v) in x.iter_mut().enumerate() {
            if (i + seed as usize).is_multiple_of(3) {
                *v = ODD[(i + seed as usize) / 3 % ODD.len()];
            }
        }
        x
    }

    fn max(a: f32, b: f32) -> f32 {
        if a.is_nan() || a > b { a } else { b }
    }

    /// The functions whose result is exact, in plain code.
    fn one(code: u32, x: f32, p: f32, q: f32) -> f32 {
        match code {
            0 => -x,
            1 => x.abs(),
            2 => x * x,
            3 => x.sqrt(),
            4 => 1.0 / x.sqrt(),
            5 => 1.0 / x,
            11 if x < 0.0 => 0.0,
            11 => x,
            12 if x < 0.0 => 0.0,
            12 if x > 6.0 => 6.0,
            12 => x,
            14 if x < 0.0 => x * p,
            14 => x,
            15 if x.is_nan() => x,
            15 if x > 0.0 => 1.0,
            15 => p,
            16 if x > q => q,
            16 if x < p => p,
            16 => x,
            17 if x > 0.0 => 1.0,
            17 if x < 0.0 => -1.0,
            17 => 0.0,
            18 => x.floor(),
            _ => x.ceil(),
        }
    }

    fn two(code: u32, a: f32, b: f32) -> f32 {
        match code {
            0 => a + b,
            1 => a - b,
            2 => a * b,
            3 => a / b,
            4 => max(a, b),
            5 => -max(-a, -b),
            _ => (a - b) * (a - b),
        }
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        #[inline(always)]
        pub unsafe fn exact_functions<S: Simd>() {
            unsafe {
                for n in lengths(0..70) {
                    let x = some(n as u64, n);
                    for code in [0, 1, 2, 3, 4, 5, 11, 12, 14, 15, 16, 17, 18, 19] {
                        for (from, to) in [(0, n), (n / 3, n - n / 4)] {
                            let mut y = Guarded::new(n);
                            unary_kernel::<S>(code, x.as_ptr(), y.at(), -0.5, 2.0, from, to);
                            let mut want = vec![7.0; n];
                            for i in from..to {
                                want[i] = one(code, x[i], -0.5, 2.0);
                            }
                            expect_same(&format!("unary {code} of {n}"), y.values(), &want);
                        }
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn other_functions<S: Simd>() {
            unsafe {
                for n in lengths(0..70) {
                    let x: Vec<f32> = floats(n as u64, n).iter().map(|v| v * 9.0).collect();
                    for code in [6, 7, 8, 9, 13, 20] {
                        let mut y = Guarded::of(&x);
                        unary_kernel::<S>(code, y.at(), y.at(), -0.5, 2.0, 0, n);
                        let of = |x: f64| match code {
                            6 => x.exp(),
                            7 => x.ln(),
                            8 => x.tanh(),
                            9 => 1.0 / (1.0 + (-x).exp()),
                            13 => {
                                if x < 0.0 {
                                    x.exp() - 1.0
                                } else {
                                    x
                                }
                            }
                            _ => -0.5 * x + 2.0,
                        };
                        let want: Vec<f64> = x.iter().map(|&v| of(v as f64)).collect();
                        expect_close(
                            &format!("unary {code} of {n}"),
                            y.values(),
                            &want,
                            1e-6,
                            5e-7,
                        );
                    }
                }
                let mut y = Guarded::of(&[0.5, -3.0]);
                unary_kernel::<S>(10, y.at(), y.at(), 0.0, 0.0, 0, 2);
                expect_close("erf", y.values(), &[0.5204998778, -0.9999779095], 0.0, 4e-7);
            }
        }

        /// tfjs wants these of what is no number.
        #[inline(always)]
        pub unsafe fn not_a_number<S: Simd>() {
            unsafe {
                let x = vec![f32::NAN; 37];
                for code in 0..=20 {
                    let mut y = Guarded::new(37);
                    unary_kernel::<S>(code, x.as_ptr(), y.at(), -0.5, 2.0, 0, 37);
                    if code == 17 {
                        expect_same("sign", y.values(), &[0.0; 37]);
                    } else {
                        expect_same(&format!("unary {code}"), y.values(), &x);
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn two_numbers<S: Simd>() {
            unsafe {
                for n in lengths(0..70) {
                    let (a, b) = (some(n as u64 + 1, n + 1), some(n as u64 + 5, n + 1));
                    for code in 0..7 {
                        for (step_a, step_b) in [(1, 1), (1, 0), (0, 1), (0, 0)] {
                            let (from, to) = (n / 5, n);
                            let mut y = Guarded::new(n);
                            binary_kernel::<S>(
                                code,
                                a.as_ptr(),
                                step_a,
                                b.as_ptr(),
                                step_b,
                                y.at(),
                                from,
                                to,
                            );
                            let mut want = vec![7.0; n];
                            for i in from..to {
                                want[i] = two(code, a[i * step_a], b[i * step_b]);
                            }
                            let mut got = y.values().to_vec();
                            if code == 4 || code == 5 {
                                // Of two zeros either may be taken for the larger one.
                                for v in got.iter_mut().chain(&mut want) {
                                    *v += 0.0;
                                }
                            }
                            expect_same(&format!("binary {code} of {n}"), &got, &want);
                        }
                    }
                }
            }
        }

        #[inline(always)]
        pub unsafe fn in_place<S: Simd>() {
            unsafe {
                for n in lengths(0..70) {
                    let (a, b) = (floats(1, n), floats(2, n));
                    let want: Vec<f32> = (0..n).map(|i| a[i] - b[i]).collect();
                    let mut left = Guarded::of(&a);
                    binary_kernel::<S>(1, left.at(), 1, b.as_ptr(), 1, left.at(), 0, n);
                    expect_same("left", left.values(), &want);
                    let mut right = Guarded::of(&b);
                    binary_kernel::<S>(1, a.as_ptr(), 1, right.at(), 1, right.at(), 0, n);
                    expect_same("right", right.values(), &want);
                }
            }
        }

        /// [2, 3, n] of [2, 1, n] and [3, 1], and of a number and a matrix.
        #[inline(always)]
        pub unsafe fn broadcasts<S: Simd>() {
            unsafe {
                for n in lengths(0..40) {
                    let (a, b) = (floats(1, 2 * n), floats(2, 3));
                    let mut y = Guarded::new(6 * n);
                    binary_rows::<S>(
                        0,
                        a.as_ptr(),
                        n,
                        0,
                        1,
                        b.as_ptr(),
                        0,
                        1,
                        0,
                        y.at(),
                        3,
                        n,
                        1,
                        6,
                    );
                    let mut want = vec![7.0; 6 * n];
                    for r in 1..6 {
                        for c in 0..n {
                            want[r * n + c] = a[r / 3 * n + c] + b[r % 3];
                        }
                    }
                    expect_same("rows", y.values(), &want);
                }
            }
        }

        #[inline(always)]
        pub unsafe fn gelu<S: Simd>() {
            unsafe {
                for n in lengths(0..70) {
                    let x: Vec<f32> = floats(n as u64, n).iter().map(|v| 4.0 * v).collect();
                    let (mut z, mut slope) = (Guarded::of(&x), Guarded::new(n));
                    let from = n / 4;
                    gelu_in_place::<S>(z.at(), slope.at(), from, n);
                    let mut gelu = x.clone();
                    let mut slopes = vec![7.0; n];
                    for i in from..n {
                        let mut lanes = [0.0f32; 16];
                        let (g, s) = gelu_and_slope::<S>(S::splat(x[i]));
                        S::store(lanes.as_mut_ptr(), g);
                        gelu[i] = lanes[0];
                        S::store(lanes.as_mut_ptr(), s);
                        slopes[i] = lanes[0];
                    }
                    expect_same("gelu", z.values(), &gelu);
                    expect_same("slope", slope.values(), &slopes);
                }
            }
        }

        #[inline(always)]
        #[allow(clippy::extra_unused_type_parameters)]
        pub unsafe fn choice<S: Simd>() {
            unsafe {
                for n in lengths(0..70) {
                    let (a, b) = (some(1, n), some(2, n));
                    let c: Vec<u8> = (0..n).map(|i| (i * i % 7 % 3) as u8).collect();
                    let mut y = Guarded::new(n);
                    let from = n / 5;
                    select_kernel(c.as_ptr(), a.as_ptr(), b.as_ptr(), y.at(), from, n);
                    let mut want = vec![7.0; n];
                    for i in from..n {
                        want[i] = if c[i] != 0 { a[i] } else { b[i] };
                    }
                    expect_same("select", y.values(), &want);
                }
            }
        }
    }

    tests_of_each! {
        exact_functions other_functions not_a_number two_numbers in_place broadcasts gelu choice
    }
}
