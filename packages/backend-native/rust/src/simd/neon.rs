//! NEON: 4 floats.

use super::{Simd, Work, operations};
use core::arch::aarch64::*;

/// Advanced SIMD of every 64-bit Arm processor.
#[derive(Clone, Copy)]
pub struct Neon;

impl Simd for Neon {
    const LANES: usize = 4;
    const TILE_ROWS: usize = 8;
    const TILE_VECTORS: usize = 2;
    type F = float32x4_t;
    type I = int32x4_t;
    type M = uint32x4_t;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) {
        /// # Safety
        ///
        /// As [`Work::with`].
        #[target_feature(enable = "neon")]
        #[inline(never)]
        unsafe fn inner<W: Work>(work: W) {
            unsafe { work.with::<Neon>() }
        }
        unsafe { inner(work) }
    }

    operations! {
        load(p: *const f32) -> float32x4_t = vld1q_f32(p);
        store(p: *mut f32, v: float32x4_t) -> () = vst1q_f32(p, v);
        splat(x: f32) -> float32x4_t = vdupq_n_f32(x);
        add(a: float32x4_t, b: float32x4_t) -> float32x4_t = vaddq_f32(a, b);
        sub(a: float32x4_t, b: float32x4_t) -> float32x4_t = vsubq_f32(a, b);
        mul(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmulq_f32(a, b);
        div(a: float32x4_t, b: float32x4_t) -> float32x4_t = vdivq_f32(a, b);
        max(a: float32x4_t, b: float32x4_t) -> float32x4_t = vmaxq_f32(a, b);
        min(a: float32x4_t, b: float32x4_t) -> float32x4_t = vminq_f32(a, b);
        pmax(a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(vcltq_f32(a, b), b, a);
        pmin(a: float32x4_t, b: float32x4_t) -> float32x4_t = vbslq_f32(vcltq_f32(b, a), b, a);
        sqrt(a: float32x4_t) -> float32x4_t = vsqrtq_f32(a);
        neg(a: float32x4_t) -> float32x4_t = vnegq_f32(a);
        abs(a: float32x4_t) -> float32x4_t = vabsq_f32(a);
        floor(a: float32x4_t) -> float32x4_t = vrndmq_f32(a);
        ceil(a: float32x4_t) -> float32x4_t = vrndpq_f32(a);
        fma(a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t = vfmaq_f32(c, a, b);
        lt(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcltq_f32(a, b);
        gt(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcgtq_f32(a, b);
        ge(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vcgeq_f32(a, b);
        eq(a: float32x4_t, b: float32x4_t) -> uint32x4_t = vceqq_f32(a, b);
        choose(mask: uint32x4_t, yes: float32x4_t, no: float32x4_t) -> float32x4_t = vbslq_f32(mask, yes, no);
        bits(a: float32x4_t) -> int32x4_t = vreinterpretq_s32_f32(a);
        from_bits(a: int32x4_t) -> float32x4_t = vreinterpretq_f32_s32(a);
        isplat(x: i32) -> int32x4_t = vdupq_n_s32(x);
        iadd(a: int32x4_t, b: int32x4_t) -> int32x4_t = vaddq_s32(a, b);
        isub(a: int32x4_t, b: int32x4_t) -> int32x4_t = vsubq_s32(a, b);
        iand(a: int32x4_t, b: int32x4_t) -> int32x4_t = vandq_s32(a, b);
        ior(a: int32x4_t, b: int32x4_t) -> int32x4_t = vorrq_s32(a, b);
        to_float(a: int32x4_t) -> float32x4_t = vcvtq_f32_s32(a);
        sum(a: float32x4_t) -> f32 = vaddvq_f32(a);
        largest(a: float32x4_t) -> f32 = vmaxvq_f32(a);
    }

    #[inline(always)]
    unsafe fn load_part(p: *const f32, n: usize, fill: f32) -> float32x4_t {
        unsafe {
            let mut lanes = [fill; 4];
            core::ptr::copy_nonoverlapping(p, lanes.as_mut_ptr(), n);
            vld1q_f32(lanes.as_ptr())
        }
    }
    #[inline(always)]
    unsafe fn store_part(p: *mut f32, v: float32x4_t, n: usize) {
        unsafe {
            let mut lanes = [0.0; 4];
            vst1q_f32(lanes.as_mut_ptr(), v);
            core::ptr::copy_nonoverlapping(lanes.as_ptr(), p, n);
        }
    }
    #[inline(always)]
    unsafe fn shl<const N: i32>(a: int32x4_t) -> int32x4_t {
        unsafe { vshlq_s32(a, vdupq_n_s32(N)) }
    }
    #[inline(always)]
    unsafe fn shr<const N: i32>(a: int32x4_t) -> int32x4_t {
        unsafe { vshlq_s32(a, vdupq_n_s32(-N)) }
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
            let (low, high) = (vtrnq_f32(r[0], r[1]), vtrnq_f32(r[2], r[3]));
            let out = [
                vcombine_f32(vget_low_f32(low.0), vget_low_f32(high.0)),
                vcombine_f32(vget_low_f32(low.1), vget_low_f32(high.1)),
                vcombine_f32(vget_high_f32(low.0), vget_high_f32(high.0)),
                vcombine_f32(vget_high_f32(low.1), vget_high_f32(high.1)),
            ];
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
