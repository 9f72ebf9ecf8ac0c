//! AVX-512: 16 floats.

use super::{Simd, Work, operations};
use core::arch::x86_64::*;

/// AVX-512 F, BW, DQ and VL, with FMA.
#[derive(Clone, Copy)]
pub struct Avx512;

const ROUND_DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
const ROUND_UP: i32 = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;

#[inline(always)]
fn first(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as __mmask16
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    const TILE_ROWS: usize = 12;
    const TILE_VECTORS: usize = 2;
    type F = __m512;
    type I = __m512i;
    type M = __mmask16;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) {
        /// # Safety
        ///
        /// As [`Work::with`].
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        #[inline(never)]
        unsafe fn inner<W: Work>(work: W) {
            unsafe { work.with::<Avx512>() }
        }
        unsafe { inner(work) }
    }

    operations! {
        load(p: *const f32) -> __m512 = _mm512_loadu_ps(p);
        load_part(p: *const f32, n: usize, fill: f32) -> __m512 = _mm512_mask_loadu_ps(_mm512_set1_ps(fill), first(n), p);
        store(p: *mut f32, v: __m512) -> () = _mm512_storeu_ps(p, v);
        store_part(p: *mut f32, v: __m512, n: usize) -> () = _mm512_mask_storeu_ps(p, first(n), v);
        splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        pmin(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(b, a);
        sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        neg(a: __m512) -> __m512 = _mm512_xor_ps(a, _mm512_set1_ps(-0.0));
        abs(a: __m512) -> __m512 = _mm512_abs_ps(a);
        floor(a: __m512) -> __m512 = _mm512_roundscale_ps::<ROUND_DOWN>(a);
        ceil(a: __m512) -> __m512 = _mm512_roundscale_ps::<ROUND_UP>(a);
        fma(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        lt(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        gt(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b);
        ge(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b);
        eq(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b);
        choose(mask: __mmask16, yes: __m512, no: __m512) -> __m512 = _mm512_mask_blend_ps(mask, no, yes);
        bits(a: __m512) -> __m512i = _mm512_castps_si512(a);
        from_bits(a: __m512i) -> __m512 = _mm512_castsi512_ps(a);
        isplat(x: i32) -> __m512i = _mm512_set1_epi32(x);
        iadd(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        isub(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi32(a, b);
        iand(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        ior(a: __m512i, b: __m512i) -> __m512i = _mm512_or_si512(a, b);
        to_float(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        sum(a: __m512) -> f32 = _mm512_reduce_add_ps(a);
    }

    #[inline(always)]
    unsafe fn max(a: __m512, b: __m512) -> __m512 {
        // The instruction gives b where either is NaN; where that is a, a goes through.
        unsafe {
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_mov_ps(_mm512_max_ps(a, b), nan, a)
        }
    }
    #[inline(always)]
    unsafe fn min(a: __m512, b: __m512) -> __m512 {
        unsafe {
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_mov_ps(_mm512_min_ps(a, b), nan, a)
        }
    }
    #[inline(always)]
    unsafe fn pmax(a: __m512, b: __m512) -> __m512 {
        // max(b, a) is b where b > a, else a.
        unsafe { _mm512_max_ps(b, a) }
    }
    #[inline(always)]
    unsafe fn shl<const N: i32>(a: __m512i) -> __m512i {
        unsafe { _mm512_sll_epi32(a, _mm_cvtsi32_si128(N)) }
    }
    #[inline(always)]
    unsafe fn shr<const N: i32>(a: __m512i) -> __m512i {
        unsafe { _mm512_sra_epi32(a, _mm_cvtsi32_si128(N)) }
    }
    #[inline(always)]
    unsafe fn largest(a: __m512) -> f32 {
        unsafe {
            if _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a) != 0 {
                return f32::NAN;
            }
            _mm512_reduce_max_ps(a)
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
            // Pairs of rows, then fours, then the quarters of four fours.
            let (mut a, mut b, mut out) = (r, r, r);
            let mut i = 0;
            while i < 16 {
                a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
                a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
                i += 2;
            }
            let mut i = 0;
            while i < 16 {
                let mut half = 0;
                while half < 2 {
                    let low = _mm512_castps_pd(a[i + half]);
                    let high = _mm512_castps_pd(a[i + half + 2]);
                    b[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                    b[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
                    half += 1;
                }
                i += 4;
            }
            let mut i = 0;
            while i < 4 {
                let near = _mm512_shuffle_f32x4::<0x44>(b[i], b[i + 4]);
                let far = _mm512_shuffle_f32x4::<0x44>(b[i + 8], b[i + 12]);
                out[i] = _mm512_shuffle_f32x4::<0x88>(near, far);
                out[i + 4] = _mm512_shuffle_f32x4::<0xdd>(near, far);
                let near = _mm512_shuffle_f32x4::<0xee>(b[i], b[i + 4]);
                let far = _mm512_shuffle_f32x4::<0xee>(b[i + 8], b[i + 12]);
                out[i + 8] = _mm512_shuffle_f32x4::<0x88>(near, far);
                out[i + 12] = _mm512_shuffle_f32x4::<0xdd>(near, far);
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
