//! No vector instructions: loops over an array, which the compiler may still turn into some.

use super::{Simd, Work, operations};

/// Plain code. Eight lanes, so that sums have the same shape as with AVX2; a product and its sum are rounded apart.
#[derive(Clone, Copy)]
pub struct Plain;

const LANES: usize = 8;
type Floats = [f32; LANES];
type Words = [i32; LANES];
type Mask = [bool; LANES];

/// An array whose lane `i` is an expression of `i`.
macro_rules! each {
    ($start:expr, $i:ident => $value:expr) => {{
        let mut lanes = [$start; LANES];
        let mut $i = 0;
        while $i < LANES {
            lanes[$i] = $value;
            $i += 1;
        }
        lanes
    }};
}

impl Simd for Plain {
    const LANES: usize = LANES;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 1;
    type F = Floats;
    type I = Words;
    type M = Mask;

    #[inline(always)]
    unsafe fn vectorize<W: Work>(work: W) {
        /// # Safety
        ///
        /// As [`Work::with`].
        #[inline(never)]
        unsafe fn inner<W: Work>(work: W) {
            unsafe { work.with::<Plain>() }
        }
        unsafe { inner(work) }
    }

    operations! {
        load(p: *const f32) -> Floats = core::ptr::read_unaligned(p.cast());
        store(p: *mut f32, v: Floats) -> () = core::ptr::write_unaligned(p.cast(), v);
        add(a: Floats, b: Floats) -> Floats = each!(0.0, i => a[i] + b[i]);
        sub(a: Floats, b: Floats) -> Floats = each!(0.0, i => a[i] - b[i]);
        mul(a: Floats, b: Floats) -> Floats = each!(0.0, i => a[i] * b[i]);
        div(a: Floats, b: Floats) -> Floats = each!(0.0, i => a[i] / b[i]);
        max(a: Floats, b: Floats) -> Floats = each!(0.0, i => if a[i].is_nan() || a[i] > b[i] { a[i] } else { b[i] });
        min(a: Floats, b: Floats) -> Floats = each!(0.0, i => if a[i].is_nan() || a[i] < b[i] { a[i] } else { b[i] });
        pmax(a: Floats, b: Floats) -> Floats = each!(0.0, i => if a[i] < b[i] { b[i] } else { a[i] });
        pmin(a: Floats, b: Floats) -> Floats = each!(0.0, i => if b[i] < a[i] { b[i] } else { a[i] });
        sqrt(a: Floats) -> Floats = each!(0.0, i => a[i].sqrt());
        neg(a: Floats) -> Floats = each!(0.0, i => -a[i]);
        abs(a: Floats) -> Floats = each!(0.0, i => a[i].abs());
        floor(a: Floats) -> Floats = each!(0.0, i => a[i].floor());
        ceil(a: Floats) -> Floats = each!(0.0, i => a[i].ceil());
        fma(a: Floats, b: Floats, c: Floats) -> Floats = each!(0.0, i => a[i] * b[i] + c[i]);
        lt(a: Floats, b: Floats) -> Mask = each!(false, i => a[i] < b[i]);
        gt(a: Floats, b: Floats) -> Mask = each!(false, i => a[i] > b[i]);
        ge(a: Floats, b: Floats) -> Mask = each!(false, i => a[i] >= b[i]);
        eq(a: Floats, b: Floats) -> Mask = each!(false, i => a[i] == b[i]);
        choose(mask: Mask, yes: Floats, no: Floats) -> Floats = each!(0.0, i => if mask[i] { yes[i] } else { no[i] });
        bits(a: Floats) -> Words = each!(0, i => a[i].to_bits() as i32);
        from_bits(a: Words) -> Floats = each!(0.0, i => f32::from_bits(a[i] as u32));
        iadd(a: Words, b: Words) -> Words = each!(0, i => a[i].wrapping_add(b[i]));
        isub(a: Words, b: Words) -> Words = each!(0, i => a[i].wrapping_sub(b[i]));
        iand(a: Words, b: Words) -> Words = each!(0, i => a[i] & b[i]);
        ior(a: Words, b: Words) -> Words = each!(0, i => a[i] | b[i]);
        to_float(a: Words) -> Floats = each!(0.0, i => a[i] as f32);
        sum(a: Floats) -> f32 = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
    }

    #[inline(always)]
    unsafe fn load_part(p: *const f32, n: usize, fill: f32) -> Floats {
        unsafe {
            let mut lanes = [fill; LANES];
            core::ptr::copy_nonoverlapping(p, lanes.as_mut_ptr(), n);
            lanes
        }
    }
    #[inline(always)]
    unsafe fn store_part(p: *mut f32, v: Floats, n: usize) {
        unsafe {
            core::ptr::copy_nonoverlapping(v.as_ptr(), p, n);
        }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Floats {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn isplat(x: i32) -> Words {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn shl<const N: i32>(a: Words) -> Words {
        each!(0, i => a[i] << N)
    }
    #[inline(always)]
    unsafe fn shr<const N: i32>(a: Words) -> Words {
        each!(0, i => a[i] >> N)
    }
    #[inline(always)]
    unsafe fn largest(a: Floats) -> f32 {
        let mut largest = a[0];
        for &lane in &a[1..] {
            if lane.is_nan() || lane > largest {
                largest = lane;
            }
        }
        largest
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
        for column in 0..columns {
            for row in 0..LANES {
                unsafe {
                    let value = if row < rows { *from.add(row * step + column) } else { 0.0 };
                    *to.add(column * to_step + row) = value;
                }
            }
        }
    }
}
