//! AdamW (Loshchilov & Hutter, arXiv 1711.05101): parameter and moments of a range in one pass.

use crate::simd::Simd;

/// The numbers of a step; o1 and o2 are 1 - b1 and 1 - b2.
#[derive(Clone, Copy)]
struct Step<S: Simd> {
    b1: S::F,
    b2: S::F,
    o1: S::F,
    o2: S::F,
    rate: S::F,
    correction: S::F,
    epsilon: S::F,
    keep: S::F,
}

/// Parameter and both moments after the step. No product is fused with a sum: the bits are those of plain code.
///
/// # Safety
/// Touches no memory.
#[inline(always)]
unsafe fn advance<S: Simd>(by: Step<S>, p: S::F, g: S::F, m: S::F, v: S::F) -> (S::F, S::F, S::F) {
    unsafe {
        let first = S::add(S::mul(by.b1, m), S::mul(by.o1, g));
        let second = S::add(S::mul(by.b2, v), S::mul(by.o2, S::mul(g, g)));
        let deviation = S::add(S::mul(S::sqrt(second), by.correction), by.epsilon);
        let change = S::mul(S::div(first, deviation), by.rate);
        (S::sub(S::mul(p, by.keep), change), first, second)
    }
}

/// One step of AdamW for numbers `from` to `to`; each result may be in the place of what it replaces.
///
/// # Safety
/// Reads p, g, m and v and writes the three results, `[from, to)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn adamw_range<S: Simd>(
    p: *const f32,
    g: *const f32,
    m: *const f32,
    v: *const f32,
    p_next: *mut f32,
    m_next: *mut f32,
    v_next: *mut f32,
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
) {
    unsafe {
        let by = Step::<S> {
            b1: S::splat(b1),
            b2: S::splat(b2),
            o1: S::splat(o1),
            o2: S::splat(o2),
            rate: S::splat(rate),
            correction: S::splat(correction),
            epsilon: S::splat(epsilon),
            keep: S::splat(keep),
        };
        let mut i = from;
        while i + S::LANES <= to {
            let (parameter, first, second) = advance::<S>(
                by,
                S::load(p.add(i)),
                S::load(g.add(i)),
                S::load(m.add(i)),
                S::load(v.add(i)),
            );
            S::store(m_next.add(i), first);
            S::store(v_next.add(i), second);
            S::store(p_next.add(i), parameter);
            i += S::LANES;
        }
        if i < to {
            let n = to - i;
            let (parameter, first, second) = advance::<S>(
                by,
                S::load_part(p.add(i), n, 0.0),
                S::load_part(g.add(i), n, 0.0),
                S::load_part(m.add(i), n, 0.0),
                S::load_part(v.add(i), n, 0.0),
            );
            S::store_part(m_next.add(i), first, n);
            S::store_part(v_next.add(i), second, n);
            S::store_part(p_next.add(i), parameter, n);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::testing::{Guarded, expect_same, floats, lengths, tests_of_each};
    use crate::simd::Simd;

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::super::*;
        use super::*;

        /// The same bits as plain code, beside its inputs and over them.
        #[inline(always)]
        pub unsafe fn steps<S: Simd>() {
            unsafe {
                let [b1, b2, rate, correction, epsilon, keep] =
                    [0.9f32, 0.95, 1e-3, 1.7, 1e-8, 0.9999];
                let (o1, o2) = (1.0 - b1, 1.0 - b2);
                for n in lengths(0..70) {
                    let (from, seed) = (n / 4, 4 * n as u64);
                    let (p, mut g) = (floats(seed, n), floats(seed + 1, n));
                    let m = floats(seed + 2, n);
                    let v: Vec<f32> = floats(seed + 3, n).iter().map(|v| v.abs()).collect();
                    if n > 3 {
                        g[n / 2] = f32::NAN;
                        g[n / 3] = f32::INFINITY;
                    }
                    let (mut pn, mut mn, mut vn) =
                        (Guarded::new(n), Guarded::new(n), Guarded::new(n));
                    adamw_range::<S>(
                        p.as_ptr(),
                        g.as_ptr(),
                        m.as_ptr(),
                        v.as_ptr(),
                        pn.at(),
                        mn.at(),
                        vn.at(),
                        b1,
                        b2,
                        o1,
                        o2,
                        rate,
                        correction,
                        epsilon,
                        keep,
                        from,
                        n,
                    );
                    let (mut po, mut mo, mut vo) =
                        (Guarded::of(&p), Guarded::of(&m), Guarded::of(&v));
                    adamw_range::<S>(
                        po.at(),
                        g.as_ptr(),
                        mo.at(),
                        vo.at(),
                        po.at(),
                        mo.at(),
                        vo.at(),
                        b1,
                        b2,
                        o1,
                        o2,
                        rate,
                        correction,
                        epsilon,
                        keep,
                        from,
                        n,
                    );
                    for i in 0..n {
                        let mut want = (7.0, 7.0, 7.0);
                        let mut over = (p[i], m[i], v[i]);
                        if i >= from {
                            let first = b1 * m[i] + o1 * g[i];
                            let second = b2 * v[i] + o2 * (g[i] * g[i]);
                            let change = first / (second.sqrt() * correction + epsilon) * rate;
                            want = (p[i] * keep - change, first, second);
                            over = want;
                        }
                        let got = [pn.values()[i], mn.values()[i], vn.values()[i]];
                        expect_same("beside", &got, &[want.0, want.1, want.2]);
                        let got = [po.values()[i], mo.values()[i], vo.values()[i]];
                        expect_same("over", &got, &[over.0, over.1, over.2]);
                    }
                }
            }
        }
    }

    tests_of_each! { steps }
}
