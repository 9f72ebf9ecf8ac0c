//! Copies parts of matrices so that a product reads them straight ahead.

use crate::simd::{Simd, Work};

/// Panels of `S::TILE_VECTORS` vectors of columns of B, padded with zeros.
#[derive(Clone, Copy)]
pub struct PackB {
    /// Whether B is stored as `[n, k]`.
    pub transposed: bool,
    pub b: *const f32,
    pub step: usize,
    /// A matrix that B (not transposed) is multiplied with on its way, elementwise; or null.
    pub factor: *const f32,
    pub k: usize,
    pub n: usize,
    pub to: *mut f32,
}

impl Work for PackB {
    /// # Safety
    ///
    /// B (and the factor) must hold `k` rows of `n`, or `n` of `k`, `step` floats apart; `to` must have room for
    /// k · n floats, n rounded up to whole panels.
    #[inline(always)]
    unsafe fn with<S: Simd>(self) {
        unsafe {
            let width = S::PANEL;
            let mut j = 0;
            while j < self.n {
                let to = self.to.add(j * self.k);
                let whole = self.n - j >= TOGETHER * width;
                if self.transposed {
                    self.transposed_panel::<S>(j, to);
                } else if whole && S::TILE_VECTORS == 2 {
                    self.panels::<S, 2, TOGETHER>(j, to);
                } else if whole {
                    self.panels::<S, 1, TOGETHER>(j, to);
                } else if S::TILE_VECTORS == 2 {
                    self.panels::<S, 2, 1>(j, to);
                } else {
                    self.panels::<S, 1, 1>(j, to);
                }
                j += if whole && !self.transposed { TOGETHER * width } else { width };
            }
        }
    }
}

/// Panels that are packed in one go: rows are then read in longer runs.
const TOGETHER: usize = 4;

impl PackB {
    /// `P` panels of `V` vectors from column `j` on.
    ///
    /// # Safety
    ///
    /// As [`PackB::with`], for these panels.
    #[inline(always)]
    unsafe fn panels<S: Simd, const V: usize, const P: usize>(&self, j: usize, to: *mut f32) {
        unsafe {
            let width = V * S::LANES;
            let mut p = 0;
            while p < self.k {
                let (from, factor) =
                    (self.b.add(p * self.step), self.factor.wrapping_add(p * self.step));
                fetch::<S>(from.wrapping_add(AHEAD * self.step + j), P * width);
                if !self.factor.is_null() {
                    fetch::<S>(factor.wrapping_add(AHEAD * self.step + j), P * width);
                }
                let mut panel = 0;
                while panel < P {
                    let mut v = 0;
                    while v < V {
                        let c = j + panel * width + v * S::LANES;
                        let mut x = S::splat(0.0);
                        if c < self.n {
                            x = S::get(from, c, self.n, 0.0);
                            if !self.factor.is_null() {
                                x = S::mul(x, S::get(factor, c, self.n, 0.0));
                            }
                        }
                        S::store(to.add((panel * self.k + p) * width + v * S::LANES), x);
                        v += 1;
                    }
                    panel += 1;
                }
                p += 1;
            }
        }
    }

    /// Rows of the stored matrix become columns of the panel, block by block.
    ///
    /// # Safety
    ///
    /// As [`PackB::with`], for the panel from column `j` on.
    #[inline(always)]
    unsafe fn transposed_panel<S: Simd>(&self, j: usize, to: *mut f32) {
        unsafe {
            let width = S::PANEL;
            let mut c = 0;
            while c < width {
                let rows = if self.n > j + c { self.n - j - c } else { 0 };
                let rows = if rows < S::LANES { rows } else { S::LANES };
                let mut p = 0;
                while p < self.k {
                    let depth = if self.k - p < S::LANES { self.k - p } else { S::LANES };
                    let from = self.b.wrapping_add((j + c) * self.step + p);
                    S::transpose(from, self.step, rows, depth, to.add(p * width + c), width);
                    p += S::LANES;
                }
                c += S::LANES;
            }
        }
    }
}

/// Rows that are asked for before they are read: their runs are too short for the processor to see them coming.
const AHEAD: usize = 12;

/// Asks for a run of floats.
///
/// # Safety
///
/// None of its own: see [`Simd::prefetch`].
#[inline(always)]
unsafe fn fetch<S: Simd>(p: *const f32, n: usize) {
    let mut c = 0;
    while c < n {
        unsafe { S::prefetch(p.wrapping_add(c)) };
        c += 16;
    }
}

/// Rows of A as the tiles read them.
#[derive(Clone, Copy)]
pub struct PackA {
    /// Whether A is stored as `[k, m]`.
    pub transposed: bool,
    pub a: *const f32,
    pub step: usize,
    /// A matrix that A (not transposed) is multiplied with, elementwise; or null.
    pub factor: *const f32,
    pub m: usize,
    pub k: usize,
    /// Floats from one group of rows to the next, in what is transposed: one vector more than a group has.
    pub group_step: usize,
    /// Room for all groups, or for m · k floats.
    pub to: *mut f32,
}

impl Work for PackA {
    /// Transposed: groups of `S::TILE_ROWS` rows, each `[k, rows]`. Else the product with the factor, `[m, k]`.
    ///
    /// # Safety
    ///
    /// A (and the factor) must hold `m` rows of `k`, or `k` of `m`, `step` floats apart.
    #[inline(always)]
    unsafe fn with<S: Simd>(self) {
        unsafe {
            if self.transposed {
                let mut p = 0;
                while p < self.k {
                    let from = self.a.add(p * self.step);
                    fetch::<S>(from.wrapping_add(AHEAD * self.step), self.m);
                    let mut i = 0;
                    while i < self.m {
                        // What is written beyond a row of a group is overwritten by the next row, or lies between
                        // two groups.
                        let to = self.to.add(i / S::TILE_ROWS * self.group_step + p * S::TILE_ROWS);
                        let mut c = 0;
                        while c < S::TILE_ROWS {
                            let x = if i + c < self.m {
                                S::get(from, i + c, self.m, 0.0)
                            } else {
                                S::splat(0.0)
                            };
                            S::store(to.add(c), x);
                            c += S::LANES;
                        }
                        i += S::TILE_ROWS;
                    }
                    p += 1;
                }
            } else {
                let mut i = 0;
                while i < self.m {
                    let (from, factor) =
                        (self.a.add(i * self.step), self.factor.add(i * self.step));
                    let to = self.to.add(i * self.k);
                    let mut c = 0;
                    while c < self.k {
                        let x =
                            S::mul(S::get(from, c, self.k, 0.0), S::get(factor, c, self.k, 0.0));
                        S::put(to, c, self.k, x);
                        c += S::LANES;
                    }
                    i += 1;
                }
            }
        }
    }
}
