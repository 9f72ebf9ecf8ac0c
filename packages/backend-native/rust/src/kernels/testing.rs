//! What the tests of the kernels share: one run for each instruction set that this machine has.

use crate::simd::{Plain, Simd, Work};

/// Does the work once for each.
pub(crate) fn on_all<W: Work + Copy>(work: W) {
    // SAFETY: only with instructions that are here.
    unsafe {
        Plain::vectorize(work);
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if has_avx2 {
                crate::simd::Avx2::vectorize(work);
            }
            if has_avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                crate::simd::Avx512::vectorize(work);
            }
        }
        #[cfg(target_arch = "aarch64")]
        crate::simd::Neon::vectorize(work);
    }
}

/// Tests that are functions of a vector type, each run for every instruction set.
macro_rules! tests_of_each {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            #[derive(Clone, Copy)]
            struct This;
            impl $crate::simd::Work for This {
                #[inline(always)]
                unsafe fn with<S: Simd>(self) {
                    unsafe { each::$name::<S>() }
                }
            }
            $crate::kernels::testing::on_all(This);
        }
    )*};
}
pub(crate) use tests_of_each;

/// Numbers that kernels stumble over.
pub(crate) const ODD: [f32; 20] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    1e-40,
    -1e-40,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    0.5,
    -0.5,
    2.5,
    -2.5,
    8388609.0,
    -1e10,
    6.5,
];

/// All lengths of a range; a few of them where an interpreter looks at every access.
pub(crate) fn lengths(range: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
    range.step_by(if cfg!(miri) { 23 } else { 1 })
}

/// So many numbers; fewer there.
pub(crate) fn many(n: usize) -> usize {
    if cfg!(miri) { n / 50 } else { n }
}

/// n floats between -1 and 1, the same for the same seed.
pub(crate) fn floats(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / 8388608.0 - 1.0
        })
        .collect()
}

/// Says where two rows differ by more than `relative` of the wanted number and `absolute`; NaN equals NaN.
pub(crate) fn expect_close(name: &str, got: &[f32], want: &[f64], relative: f64, absolute: f64) {
    assert_eq!(got.len(), want.len(), "{name}: lengths");
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let same = g as f64 == w || (g.is_nan() && w.is_nan());
        let close = (g as f64 - w).abs() <= relative * w.abs() + absolute;
        assert!(same || close, "{name}: at {i} got {g}, wanted {w}");
    }
}

/// The same bits, but any NaN equals any other.
pub(crate) fn expect_same(name: &str, got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len(), "{name}: lengths");
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let same = g.to_bits() == w.to_bits() || (g.is_nan() && w.is_nan());
        assert!(same, "{name}: at {i} got {g}, wanted {w}");
    }
}

/// Floats with room that must not be touched behind them.
pub(crate) struct Guarded {
    all: Vec<f32>,
    n: usize,
}

const GUARD: f32 = 12345.678;

impl Guarded {
    pub(crate) fn new(n: usize) -> Self {
        let mut all = vec![7.0; n];
        all.resize(n + 40, GUARD);
        Guarded { all, n }
    }
    pub(crate) fn of(values: &[f32]) -> Self {
        let mut made = Guarded::new(values.len());
        made.all[..values.len()].copy_from_slice(values);
        made
    }
    pub(crate) fn at(&mut self) -> *mut f32 {
        self.all.as_mut_ptr()
    }
    /// What was written, once it is sure that nothing else was.
    pub(crate) fn values(&self) -> &[f32] {
        assert!(self.all[self.n..].iter().all(|&x| x == GUARD), "wrote behind the end");
        &self.all[..self.n]
    }
}
