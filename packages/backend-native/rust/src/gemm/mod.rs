//! Products of matrices, in the loop order of BLIS (Van Zee & van de Geijn, TOMS 2015): panels of B that the
//! second cache holds, rows of A that the first one holds, tiles of sums in registers.
//!
//! A sum goes along k in blocks whose length follows from k alone, so no number of threads changes a bit.

mod cut;
mod pack;
#[cfg(test)]
mod tests;
mod tile;

use crate::pool::Pool;
use crate::simd::Simd;
use crate::space::Space;
use cut::{DEPTH, PIECES, depth_of, long_pieces_of, pieces_of};
use pack::PackA;

pub use crate::generated::Product;
pub use pack::PackB;
pub use tile::Block;

// SAFETY: work is cut so that no two threads write the same place.
unsafe impl Sync for Product {}

/// Floats of B that lie packed at a time.
const PACKED: usize = 1 << 20;
/// Columns of B that are multiplied with some rows of A before the next ones are: with `DEPTH`, a part of the
/// second cache.
const COLUMNS: usize = 256;
/// Rows of A that are packed at a time.
const ROWS: usize = 96;
/// Multiplications from which more than one thread is worth it.
pub const WORTH_THREADS: usize = 150_000;
/// Up to this many floats from row to row B is read where it lies; beyond it rows fall into the same places of the
/// caches.
const NEAR: usize = 1024;

/// Floats of scratch that a thread needs.
pub fn scratch_size() -> usize {
    // Whole groups of rows of any kernel, with a vector between them.
    (ROWS + 16) * (DEPTH + 8) + ROWS * 16
}

/// What is multiplied at a time: columns `from` to `to` of B, and `k` from `low` to `high`.
#[derive(Clone, Copy)]
struct Part {
    from: usize,
    to: usize,
    low: usize,
    high: usize,
    depth: usize,
    /// Where these lie packed; null where they are read where they are.
    packed: *mut f32,
}

// SAFETY: threads write parts of their own, or only read.
unsafe impl Sync for Part {}

impl Part {
    /// Where block `index` of the part lies packed.
    fn block<S: Simd>(&self, index: usize) -> *mut f32 {
        let columns = (self.to - self.from).next_multiple_of(S::PANEL);
        self.packed.wrapping_add(columns * self.depth * index)
    }
}

impl Product {
    /// Computes it with all threads.
    ///
    /// # Safety
    ///
    /// The processor must have the instructions of `S`. Each matrix must hold what its sizes and steps say, and
    /// C, the derivative and the sums may overlap nothing else.
    pub unsafe fn run<S: Simd>(&self, crew: &dyn Crew, packed: &mut Space) {
        if self.m == 0 || self.n == 0 {
            return;
        }
        let depth = depth_of(self.k);
        if self.reads_directly() {
            let part = Part {
                from: 0,
                to: self.n,
                low: 0,
                high: self.k,
                depth,
                packed: std::ptr::null_mut(),
            };
            unsafe { self.multiply::<S>(crew, part) };
        } else {
            unsafe { self.run_packed::<S>(crew, depth, packed) };
        }
    }

    /// Whether tiles read B where it lies.
    fn reads_directly(&self) -> bool {
        !self.transpose_b && self.factor_b.is_null() && self.ldb <= NEAR
    }

    /// Packs as much of B as is worth it at a time, and multiplies with that.
    ///
    /// # Safety
    ///
    /// As [`Product::run`].
    unsafe fn run_packed<S: Simd>(&self, crew: &dyn Crew, depth: usize, packed: &mut Space) {
        let padded = self.n.next_multiple_of(S::PANEL);
        let most = (PACKED / depth / S::PANEL).max(1) * S::PANEL;
        let groups = padded.div_ceil(most);
        let columns = padded.div_ceil(groups).next_multiple_of(S::PANEL);
        let blocks = self.k.div_ceil(depth).max(1);
        let deep = (PACKED / depth / columns).clamp(1, blocks);
        let packed = packed.floats(columns * depth * deep);
        let mut from = 0;
        while from < self.n {
            let to = (from + columns).min(self.n);
            let mut low = 0;
            loop {
                let high = (low + deep * depth).min(self.k);
                let part = Part { from, to, low, high, depth, packed };
                unsafe {
                    self.pack::<S>(crew, part);
                    self.multiply::<S>(crew, part);
                }
                low = high;
                if low >= self.k {
                    break;
                }
            }
            from = to;
        }
    }

    /// # Safety
    ///
    /// As [`Product::run`].
    unsafe fn pack<S: Simd>(&self, crew: &dyn Crew, part: Part) {
        let blocks = (part.high - part.low).div_ceil(part.depth);
        if blocks == 0 {
            return;
        }
        let columns = part.to - part.from;
        // Some panels of one block of k make a piece.
        let wanted = (PIECES * crew.threads()).div_ceil(blocks);
        let slice = columns.div_ceil(wanted).next_multiple_of(S::PANEL);
        let slices = columns.div_ceil(slice);
        crew.run(blocks * slices, &|piece, _| {
            let (block, first) = (piece / slices, piece % slices * slice);
            let low = part.low + block * part.depth;
            let k = part.depth.min(part.high - low);
            let j = part.from + first;
            let at = if self.transpose_b { j * self.ldb + low } else { low * self.ldb + j };
            let offset = |p: *const f32| if p.is_null() { p } else { p.wrapping_add(at) };
            let work = PackB {
                transposed: self.transpose_b,
                b: self.b.wrapping_add(at),
                step: self.ldb,
                factor: offset(self.factor_b),
                k,
                n: slice.min(part.to - j),
                to: part.block::<S>(block).wrapping_add(first * k),
            };
            unsafe { S::vectorize(work) };
        });
    }

    /// # Safety
    ///
    /// As [`Product::run`]; the part must have been packed, where it is.
    unsafe fn multiply<S: Simd>(&self, crew: &dyn Crew, part: Part) {
        let columns = part.to - part.from;
        let pieces_of = if self.transpose_a { long_pieces_of::<S> } else { pieces_of::<S> };
        let (rows, wide) = pieces_of(self.m, columns, crew.threads());
        let across = columns.div_ceil(wide);
        let blocks = (part.high - part.low).div_ceil(part.depth).max(1);
        let part = &part;
        crew.run(self.m.div_ceil(rows) * across, &|piece, scratch| {
            let (top, first) = (piece / across * rows, piece % across * wide);
            let end = (top + rows).min(self.m);
            let chunks = (end - top).div_ceil(ROWS);
            // Where k is long, a block of B stays in the cache while the rows pass, else the rows do.
            for turn in 0..blocks * chunks {
                let (block, chunk) = if self.transpose_a {
                    (turn / chunks, turn % chunks)
                } else {
                    (turn % blocks, turn / blocks)
                };
                let i = top + chunk * ROWS;
                let m = ROWS.min(end - i);
                let place = Place { i, m, first, columns: wide.min(columns - first), block };
                unsafe { self.rows::<S>(part, place, scratch) };
            }
        });
    }

    /// Some rows of C, for one block of k.
    ///
    /// # Safety
    ///
    /// As [`Product::run`]; `scratch` must have room for [`scratch_size`] floats.
    unsafe fn rows<S: Simd>(&self, part: &Part, place: Place, scratch: *mut f32) {
        let Place { i, m, first, columns, block } = place;
        let low = part.low + block * part.depth;
        let k = part.depth.min(part.high - low);
        let packs = self.transpose_a || !self.factor_a.is_null();
        let packed_step = S::TILE_ROWS * k + S::LANES;
        let at = if self.transpose_a { low * self.lda + i } else { i * self.lda + low };
        let a = self.a.wrapping_add(at);
        if packs {
            let work = PackA {
                transposed: self.transpose_a,
                a,
                step: self.lda,
                factor: self.factor_a.wrapping_add(at),
                m,
                k,
                group_step: packed_step,
                to: scratch,
            };
            unsafe { S::vectorize(work) };
        }
        let (a, row_step, depth_step, group_step) = if self.transpose_a {
            (scratch.cast_const(), 1, S::TILE_ROWS, packed_step)
        } else if packs {
            (scratch.cast_const(), k, 1, S::TILE_ROWS * k)
        } else {
            (a, self.lda, 1, S::TILE_ROWS * self.lda)
        };
        let activates = low + k >= self.k && !self.derivative.is_null();
        let mut j = 0;
        while j < columns {
            let n = COLUMNS.min(columns - j);
            let column = part.from + first + j;
            let (b, b_step, panel_step) = if part.packed.is_null() {
                (self.b.wrapping_add(low * self.ldb + column), self.ldb, S::PANEL)
            } else {
                let at = part.block::<S>(block).wrapping_add((first + j) * k);
                (at.cast_const(), S::PANEL, S::PANEL * k)
            };
            let c = self.c.wrapping_add(i * self.ldc + column);
            let (from, from_step) = if low > 0 {
                (c.cast_const(), self.ldc)
            } else if self.bias.is_null() {
                (std::ptr::null(), 0)
            } else {
                (self.bias.wrapping_add(column), 0)
            };
            let derivative = if activates {
                self.derivative.wrapping_add(i * self.ldc + column)
            } else {
                std::ptr::null_mut()
            };
            let work = Block {
                m,
                n,
                k,
                a,
                row_step,
                depth_step,
                group_step,
                b,
                b_step,
                panel_step,
                padded: !part.packed.is_null(),
                c,
                c_step: self.ldc,
                from,
                from_step,
                derivative,
            };
            unsafe { S::vectorize(work) };
            if i == 0 && !self.sums.is_null() {
                unsafe { self.add_sums::<S>(&work, low, column) };
            }
            j += n;
        }
    }

    /// The sums of the columns of a block of B, as the product of a row of ones.
    ///
    /// # Safety
    ///
    /// As [`Product::run`].
    unsafe fn add_sums<S: Simd>(&self, block: &Block, low: usize, column: usize) {
        let c = self.sums.wrapping_add(column);
        let work = Block {
            m: 1,
            a: &raw const ONE,
            row_step: 0,
            depth_step: 0,
            c,
            from: if low > 0 { c.cast_const() } else { std::ptr::null() },
            derivative: std::ptr::null_mut(),
            ..*block
        };
        unsafe { S::vectorize(work) };
    }
}

static ONE: f32 = 1.0;

/// Who does the pieces of a product.
pub trait Crew {
    fn threads(&self) -> usize;
    /// Does all pieces; each gets [`scratch_size`] floats of scratch.
    fn run(&self, pieces: usize, work: &(dyn Fn(usize, *mut f32) + Sync));
}

impl Crew for Pool {
    fn threads(&self) -> usize {
        Pool::threads(self)
    }
    fn run(&self, pieces: usize, work: &(dyn Fn(usize, *mut f32) + Sync)) {
        Pool::run(self, pieces, &|piece, own| {
            work(piece, own.scratch.floats(scratch_size()));
        });
    }
}

/// The thread that calls, with scratch of [`scratch_size`] floats.
pub struct Alone(pub *mut f32);

impl Crew for Alone {
    fn threads(&self) -> usize {
        1
    }
    fn run(&self, pieces: usize, work: &(dyn Fn(usize, *mut f32) + Sync)) {
        for piece in 0..pieces {
            work(piece, self.0);
        }
    }
}

/// Rows and columns of a part of C, and the block of k.
#[derive(Clone, Copy)]
struct Place {
    i: usize,
    m: usize,
    first: usize,
    columns: usize,
    block: usize,
}
