//! The inside of a product: tiles of sums that stay in registers while k passes by.

use crate::kernels::elementwise::gelu_in_place;
use crate::simd::{Simd, Work};

/// A block of C: what is at `from`, plus A · B.
///
/// Element `(i, p)` of A is at `i * row_step + p * depth_step`. B lies in panels of `S::TILE_VECTORS` vectors,
/// `panel_step` floats apart, whose rows are `b_step` floats apart.
#[derive(Clone, Copy)]
pub struct Block {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: *const f32,
    pub row_step: usize,
    pub depth_step: usize,
    /// Floats from one group of `S::TILE_ROWS` rows of A to the next.
    pub group_step: usize,
    pub b: *const f32,
    pub b_step: usize,
    pub panel_step: usize,
    /// Whether the last vector of a row of B may be read beyond column `n`: packed panels are padded.
    pub padded: bool,
    pub c: *mut f32,
    pub c_step: usize,
    /// Null for zeros.
    pub from: *const f32,
    pub from_step: usize,
    /// Where the derivative of a GELU goes, which then follows, with C's steps; null for no GELU.
    pub derivative: *mut f32,
}

/// Rows of A, columns of B and where the sums go, for one tile.
#[derive(Clone, Copy)]
struct Place {
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    from: *const f32,
    /// Lanes of the last vector that exist; `S::LANES` when all do.
    last: usize,
}

/// A tile of `R` rows and `V` vectors.
///
/// # Safety
///
/// As [`Block::with`], for the tile's own rows and columns.
#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const V: usize, const WHOLE: bool>(w: &Block, at: Place) {
    unsafe {
        let mut sums = [[S::splat(0.0); V]; R];
        let (mut a, mut b) = (at.a, at.b);
        let (row_step, depth_step, b_step) = (w.row_step, w.depth_step, w.b_step);
        let masked = !WHOLE && !w.padded;
        for _ in 0..w.k {
            let mut row = [S::splat(0.0); V];
            let mut v = 0;
            while v < V {
                row[v] = if masked && v + 1 == V && at.last < S::LANES {
                    S::load_part(b.add(v * S::LANES), at.last, 0.0)
                } else {
                    S::load(b.add(v * S::LANES))
                };
                v += 1;
            }
            let mut r = 0;
            while r < R {
                let x = S::splat(*a.add(r * row_step));
                let mut v = 0;
                while v < V {
                    sums[r][v] = S::fma(x, row[v], sums[r][v]);
                    v += 1;
                }
                r += 1;
            }
            a = a.add(depth_step);
            b = b.add(b_step);
        }
        let mut r = 0;
        while r < R {
            let mut v = 0;
            while v < V {
                let offset = v * S::LANES;
                let to = at.c.add(r * w.c_step + offset);
                let whole = WHOLE || v + 1 < V || at.last == S::LANES;
                let mut sum = sums[r][v];
                if !at.from.is_null() {
                    let from = at.from.add(r * w.from_step + offset);
                    let before =
                        if whole { S::load(from) } else { S::load_part(from, at.last, 0.0) };
                    sum = S::add(before, sum);
                }
                if whole {
                    S::store(to, sum);
                } else {
                    S::store_part(to, sum, at.last);
                }
                v += 1;
            }
            r += 1;
        }
    }
}

/// A row of tiles of `R` rows.
///
/// # Safety
///
/// As [`Block::with`], for rows `i` to `i + R`; `a` is where these rows begin.
#[inline(always)]
unsafe fn tiles<S: Simd, const R: usize>(w: &Block, a: *const f32, i: usize) {
    unsafe {
        let width = S::PANEL;
        let mut j = 0;
        let mut b = w.b;
        while j < w.n {
            let at = Place {
                a,
                b,
                c: w.c.add(i * w.c_step + j),
                from: if w.from.is_null() { w.from } else { w.from.add(i * w.from_step + j) },
                last: S::LANES,
            };
            let left = w.n - j;
            if S::TILE_VECTORS == 2 {
                if left >= width {
                    tile::<S, R, 2, true>(w, at);
                } else if left > S::LANES {
                    let last = left - S::LANES;
                    tile::<S, R, 2, false>(w, Place { last, ..at });
                } else {
                    tile::<S, R, 1, false>(w, Place { last: left, ..at });
                }
            } else if left >= S::LANES {
                tile::<S, R, 1, true>(w, at);
            } else {
                tile::<S, R, 1, false>(w, Place { last: left, ..at });
            }
            j += width;
            b = b.add(w.panel_step);
        }
        if !w.derivative.is_null() {
            let mut r = i;
            while r < i + R {
                let at = r * w.c_step;
                gelu_in_place::<S>(w.c.add(at), w.derivative.add(at), 0, w.n);
                r += 1;
            }
        }
    }
}

/// The rows that are left in a group after `R` of them.
///
/// # Safety
///
/// As [`Block::with`].
#[inline(always)]
unsafe fn some_tiles<S: Simd, const R: usize>(
    w: &Block,
    a: &mut *const f32,
    i: &mut usize,
    end: usize,
) {
    unsafe {
        if R < S::TILE_ROWS && end - *i >= R {
            tiles::<S, R>(w, *a, *i);
            *a = a.add(R * w.row_step);
            *i += R;
        }
    }
}

impl Work for Block {
    /// # Safety
    ///
    /// A must hold `m` rows of `k`, B `k` rows of `n` (or whole vectors, where it is padded), C and the
    /// derivative `m` rows of `n`, and `from`, where it is not null, too, all with the steps given.
    #[inline(always)]
    unsafe fn with<S: Simd>(self) {
        unsafe {
            let mut i = 0;
            let mut group = self.a;
            while i < self.m {
                if self.m - i >= S::TILE_ROWS {
                    match S::TILE_ROWS {
                        12 => tiles::<S, 12>(&self, group, i),
                        8 => tiles::<S, 8>(&self, group, i),
                        6 => tiles::<S, 6>(&self, group, i),
                        _ => tiles::<S, 4>(&self, group, i),
                    }
                    i += S::TILE_ROWS;
                    group = group.add(self.group_step);
                    continue;
                }
                let mut a = group;
                some_tiles::<S, 8>(&self, &mut a, &mut i, self.m);
                some_tiles::<S, 4>(&self, &mut a, &mut i, self.m);
                some_tiles::<S, 2>(&self, &mut a, &mut i, self.m);
                some_tiles::<S, 1>(&self, &mut a, &mut i, self.m);
            }
        }
    }
}
