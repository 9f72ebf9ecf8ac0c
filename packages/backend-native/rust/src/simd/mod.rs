//! One vector of floats, whatever its width: what every kernel is written with.
//!
//! A kernel is a generic function over [`Simd`], inlined into one function for each instruction set, which
//! has the instructions turned on. So nothing here may be called outside of such a function, except for
//! [`Plain`], which needs none.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use plain::Plain;

/// Operations that are one expression each: `add(a: Floats, b: Floats) -> Floats = _mm512_add_ps(a, b);`
macro_rules! operations {
    ($($name:ident($($argument:ident: $given:ty),*) -> $result:ty = $value:expr;)*) => {$(
        #[inline(always)]
        #[allow(unused_unsafe)]
        unsafe fn $name($($argument: $given),*) -> $result {
            unsafe { $value }
        }
    )*};
}
use operations;

/// Something to do with whatever vectors there are.
pub trait Work {
    /// Does it; must be `#[inline(always)]`, like all that it calls, so that it is compiled for `S`.
    ///
    /// # Safety
    ///
    /// The processor must have the instructions of `S`, and the work's own pointers must be good.
    unsafe fn with<S: Simd>(self);
}

/// Arithmetic on [`Simd::LANES`] floats at a time.
///
/// # Safety
///
/// Every function needs the instructions of its type. Loads and stores touch `LANES` floats from `p`, or the
/// first `n` of them; `p` needs no alignment.
#[allow(clippy::missing_safety_doc)] // the same for all: above
pub trait Simd: Copy + 'static {
    /// Floats in a vector.
    const LANES: usize;
    /// Rows of a tile of a product: as many as the registers hold sums for.
    const TILE_ROWS: usize;
    /// Vectors in a row of a tile of a product.
    const TILE_VECTORS: usize;
    /// Columns of a panel of B: those of a tile.
    const PANEL: usize = Self::TILE_VECTORS * Self::LANES;
    /// Floats.
    type F: Copy;
    /// The same bits as integers.
    type I: Copy;
    /// Yes or no for each lane.
    type M: Copy;

    /// Does a piece of work in a function of its own that has the instructions turned on.
    unsafe fn vectorize<W: Work>(work: W);

    unsafe fn load(p: *const f32) -> Self::F;
    /// The first `n < LANES` floats; the other lanes are `fill`.
    unsafe fn load_part(p: *const f32, n: usize, fill: f32) -> Self::F;
    unsafe fn store(p: *mut f32, v: Self::F);
    /// Stores the first `n < LANES` lanes.
    unsafe fn store_part(p: *mut f32, v: Self::F, n: usize);
    unsafe fn splat(x: f32) -> Self::F;
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F;
    /// The larger one; NaN where either side is.
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F;
    /// The smaller one; NaN where either side is.
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F;
    /// `b` where `a < b`, else `a`.
    unsafe fn pmax(a: Self::F, b: Self::F) -> Self::F;
    /// `b` where `b < a`, else `a`.
    unsafe fn pmin(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sqrt(a: Self::F) -> Self::F;
    unsafe fn neg(a: Self::F) -> Self::F;
    unsafe fn abs(a: Self::F) -> Self::F;
    unsafe fn floor(a: Self::F) -> Self::F;
    unsafe fn ceil(a: Self::F) -> Self::F;
    /// a·b + c, in one rounding where the instructions have it.
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::M;
    unsafe fn gt(a: Self::F, b: Self::F) -> Self::M;
    unsafe fn ge(a: Self::F, b: Self::F) -> Self::M;
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::M;
    /// `yes` where the mask is set, else `no`.
    unsafe fn choose(mask: Self::M, yes: Self::F, no: Self::F) -> Self::F;
    unsafe fn bits(a: Self::F) -> Self::I;
    unsafe fn from_bits(a: Self::I) -> Self::F;
    unsafe fn isplat(x: i32) -> Self::I;
    unsafe fn iadd(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn isub(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn iand(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn ior(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn shl<const N: i32>(a: Self::I) -> Self::I;
    /// Shifts right and keeps the sign.
    unsafe fn shr<const N: i32>(a: Self::I) -> Self::I;
    /// Integers as floats.
    unsafe fn to_float(a: Self::I) -> Self::F;
    /// The sum of the lanes.
    unsafe fn sum(a: Self::F) -> f32;
    /// The largest lane; NaN where one is.
    unsafe fn largest(a: Self::F) -> f32;

    /// Rows of floats, `step` apart, become columns, whose rows are `to_step` apart: of a block of at most
    /// `LANES` rows and columns. What is missing to `LANES` rows becomes zeros.
    unsafe fn transpose(
        from: *const f32,
        step: usize,
        rows: usize,
        columns: usize,
        to: *mut f32,
        to_step: usize,
    );

    /// Asks for the line of the cache at a place that will be read soon; any place may be named.
    #[inline(always)]
    unsafe fn prefetch(p: *const f32) {
        #[cfg(target_arch = "x86_64")]
        unsafe {
            core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(p.cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = p;
    }

    /// Floats `c` to `c + LANES` of a row of `n`; those beyond it are `fill`.
    #[inline(always)]
    unsafe fn get(p: *const f32, c: usize, n: usize, fill: f32) -> Self::F {
        unsafe {
            if c + Self::LANES <= n {
                Self::load(p.add(c))
            } else {
                Self::load_part(p.add(c), n - c, fill)
            }
        }
    }

    /// Stores floats `c` to `c + LANES` of a row of `n`, without those beyond it.
    #[inline(always)]
    unsafe fn put(p: *mut f32, c: usize, n: usize, v: Self::F) {
        unsafe {
            if c + Self::LANES <= n {
                Self::store(p.add(c), v)
            } else {
                Self::store_part(p.add(c), v, n - c)
            }
        }
    }
}
