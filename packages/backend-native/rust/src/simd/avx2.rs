//! AVX2 with FMA: 8 floats.

use super::{Simd, Work, operations};
use core::arch::x86_64::*;

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2;

const ROUND_DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
const ROUND_UP: i32 = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;

/// All bits set in the first `n` lanes.
///
/// # Safety
///
/// Needs AVX2.
#[inline(always)]
unsafe fn first(n: usize) -> __m256i {
    unsafe {
        let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), lanes)
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const TILE_ROWS: usize = 6;
    const TILE_VECTORS: usize = 2;
    type F = __m256;
    type I = __m256i;
    type M = __m256;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) {
        /// # Safety
        ///
        /// As [`Work::with`].
        #[target_feature(enable = "avx2,fma")]
        #[inline(never)]
        unsafe fn inner<W: Work>(work: W) {
            unsafe { work.with::<Avx2>() }
        }
        unsafe { inner(work) }
    }

    operations! {
        load(p: *const f32) -> __m256 = _mm256_loadu_ps(p);
        store(p: *mut f32, v: __m256) -> () = _mm256_storeu_ps(p, v);
        store_part(p: *mut f32, v: __m256, n: usize) -> () = _mm256_maskstore_ps(p, first(n), v);
        splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        pmin(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(b, a);
        sqrt(a: __m256) -> __m256 = _mm256_sqrt_ps(a);
        neg(a: __m256) -> __m256 = _mm256_xor_ps(a, _mm256_set1_ps(-0.0));
        abs(a: __m256) -> __m256 = _mm256_andnot_ps(_mm256_set1_ps(-0.0), a);
        floor(a: __m256) -> __m256 = _mm256_round_ps::<ROUND_DOWN>(a);
        ceil(a: __m256) -> __m256 = _mm256_round_ps::<ROUND_UP>(a);
        fma(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        lt(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LT_OQ>(a, b);
        gt(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_GT_OQ>(a, b);
        ge(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_GE_OQ>(a, b);
        eq(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b);
        choose(mask: __m256, yes: __m256, no: __m256) -> __m256 = _mm256_blendv_ps(no, yes, mask);
        bits(a: __m256) -> __m256i = _mm256_castps_si256(a);
        from_bits(a: __m256i) -> __m256 = _mm256_castsi256_ps(a);
        isplat(x: i32) -> __m256i = _mm256_set1_epi32(x);
        iadd(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi32(a, b);
        isub(a: __m256i, b: __m256i) -> __m256i = _mm256_sub_epi32(a, b);
        iand(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        ior(a: __m256i, b: __m256i) -> __m256i = _mm256_or_si256(a, b);
        to_float(a: __m256i) -> __m256 = _mm256_cvtepi32_ps(a);
    }

    #[inline(always)]
    unsafe fn load_part(p: *const f32, n: usize, fill: f32) -> __m256 {
        unsafe {
            let mask = first(n);
            let given = _mm256_maskload_ps(p, mask);
            _mm256_blendv_ps(_mm256_set1_ps(fill), given, _mm256_castsi256_ps(mask))
        }
    }
    #[inline(always)]
    unsafe fn max(a: __m256, b: __m256) -> __m256 {
        // The instruction gives b where either is NaN; where that is a, a goes through.
        unsafe {
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a);
            _mm256_blendv_ps(_mm256_max_ps(a, b), a, nan)
        }
    }
    #[inline(always)]
    unsafe fn min(a: __m256, b: __m256) -> __m256 {
        unsafe {
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a);
            _mm256_blendv_ps(_mm256_min_ps(a, b), a, nan)
        }
    }
    #[inline(always)]
    unsafe fn pmax(a: __m256, b: __m256) -> __m256 {
        // max(b, a) is b where b > a, else a.
        unsafe { _mm256_max_ps(b, a) }
    }
    #[inline(always)]
    unsafe fn shl<const N: i32>(a: __m256i) -> __m256i {
        unsafe { _mm256_sll_epi32(a, _mm_cvtsi32_si128(N)) }
    }
    #[inline(always)]
    unsafe fn shr<const N: i32>(a: __m256i) -> __m256i {
        unsafe { _mm256_sra_epi32(a, _mm_cvtsi32_si128(N)) }
    }
    #[inline(always)]
    unsafe fn sum(a: __m256) -> f32 {
        unsafe {
            let half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let pairs = _mm_add_ps(half, _mm_movehl_ps(half, half));
            _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
        }
    }
    #[inline(always)]
    unsafe fn largest(a: __m256) -> f32 {
        unsafe {
            if _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(a, a)) != 0 {
                return f32::NAN;
            }
            let half = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let pairs = _mm_max_ps(half, _mm_movehl_ps(half, half));
            _mm_cvtss_f32(_mm_max_ss(pairs, _mm_shuffle_ps::<1>(pairs, pairs)))
        }
    }
    #[inline(always)]
    unsafe fn transpose(
        from: *const f32,
        step: usize,
        rows: usize,
        columns: usize,
        to: *mut f32,
        to_step: usize,
    ) {
        unsafe {
            let mut r = [Self::splat(0.0); Self::LANES];
            let mut i = 0;
            while i < Self::LANES {
                if i < rows {
                    r[i] = Self::get(from.add(i * step), 0, columns, 0.0);
                }
                i += 1;
            }
            // Pairs of rows, then fours, then the halves of two fours.
            let (mut a, mut b, mut out) = (r, r, r);
            let mut i = 0;
            while i < 8 {
                a[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
                a[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
                i += 2;
            }
            let mut i = 0;
            while i < 8 {
                let mut half = 0;
                while half < 2 {
                    let low = _mm256_castps_pd(a[i + half]);
                    let high = _mm256_castps_pd(a[i + half + 2]);
                    b[i + 2 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
                    b[i + 2 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
                    half += 1;
                }
                i += 4;
            }
            let mut i = 0;
            while i < 4 {
                out[i] = _mm256_permute2f128_ps::<0x20>(b[i], b[i + 4]);
                out[i + 4] = _mm256_permute2f128_ps::<0x31>(b[i], b[i + 4]);
                i += 1;
            }
            let mut i = 0;
            while i < Self::LANES {
                if i < columns {
                    Self::store(to.add(i * to_step), out[i]);
                }
                i += 1;
            }
        }
    }
}
