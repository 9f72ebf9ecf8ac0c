//! Products of matrices, in the loop order of BLIS (Van Zee & van de Geijn, TOMS 2015): panels of B that the
//! second cache holds, rows of A that the first one holds, tiles of sums in registers.
//!
//! A sum goes along k in blocks whose length follows from k alone, so no number of threads changes a bit.

mod pack;
mod tile;

use crate::pool::Pool;
use crate::simd::Simd;
use crate::space::Space;
use pack::PackA;

pub use crate::generated::Product;
pub use pack::PackB;
pub use tile::Block;

// SAFETY: work is cut so that no two threads write the same place.
unsafe impl Sync for Product {}

/// Most of k that one block takes: rows of A of a tile then stay in the first cache.
const DEPTH: usize = 384;
/// Floats of B that lie packed at a time.
const PACKED: usize = 1 << 20;
/// Columns of B that are multiplied with some rows of A before the next ones are: with `DEPTH`, a part of the
/// second cache.
const COLUMNS: usize = 256;
/// Rows of A that are packed at a time.
const ROWS: usize = 96;
/// Multiplications from which more than one thread is worth it.
pub const WORTH_THREADS: usize = 150_000;
/// Pieces of work for each thread: enough to even out when one is held up.
const PIECES: usize = 6;
/// The same where pieces read all of k of their rows and columns, and pack it.
const LONG_PIECES: usize = 2;
/// Rows of a transposed A that belong together: whole tiles of any kernel, and whole lines of the cache.
const STRIP: usize = 48;
/// Columns that are worth a piece of their own.
const LEAST_COLUMNS: usize = 128;
/// How many multiplications take as long as reading one float that is in no cache.
const READING: f64 = 32.0;
/// Up to this many floats from row to row B is read where it lies; beyond it rows fall into the same places of the
/// caches.
const NEAR: usize = 1024;

/// How long the blocks of k are: as even as they can be.
fn depth_of(k: usize) -> usize {
    let blocks = k.div_ceil(DEPTH).max(1);
    k.div_ceil(blocks).next_multiple_of(8).max(8)
}

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
        let columns = (self.to - self.from).next_multiple_of(width::<S>());
        self.packed.wrapping_add(columns * self.depth * index)
    }
}

const fn width<S: Simd>() -> usize {
    S::TILE_VECTORS * S::LANES
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
        let padded = self.n.next_multiple_of(width::<S>());
        let most = (PACKED / depth / width::<S>()).max(1) * width::<S>();
        let groups = padded.div_ceil(most);
        let columns = padded.div_ceil(groups).next_multiple_of(width::<S>());
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
        let slice = columns.div_ceil(wanted).next_multiple_of(width::<S>());
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

    /// How many rows and columns of C a piece takes.
    fn pieces_of<S: Simd>(&self, columns: usize, threads: usize) -> (usize, usize) {
        if self.transpose_a {
            return self.long_pieces_of::<S>(columns, threads);
        }
        let wanted = PIECES * threads;
        let rows = self.m.div_ceil(wanted).next_multiple_of(S::TILE_ROWS);
        let across = wanted.div_ceil(self.m.div_ceil(rows));
        let wide = columns.div_ceil(across).max(LEAST_COLUMNS);
        (rows, wide.next_multiple_of(width::<S>()))
    }

    /// The same where k is long: A is read once for each piece across, B once for each piece down, and no thread
    /// should have nothing to do at the end.
    fn long_pieces_of<S: Simd>(&self, columns: usize, threads: usize) -> (usize, usize) {
        let wanted = if threads == 1 { 1 } else { LONG_PIECES * threads };
        let mut best = (f64::INFINITY, (self.m, columns));
        for down in 1..=wanted {
            for across in wanted.div_ceil(down)..=2 * wanted {
                let rows = self.m.div_ceil(down * STRIP) * STRIP;
                let wide = columns.div_ceil(across).next_multiple_of(width::<S>());
                let (down, across) = (self.m.div_ceil(rows), columns.div_ceil(wide));
                let turns = (down * across).div_ceil(threads);
                let reads = (down * columns + across * self.m) / threads;
                let time = (turns * rows * wide) as f64 + READING * reads as f64;
                if time < best.0 {
                    best = (time, (rows, wide));
                }
            }
        }
        best.1
    }

    /// # Safety
    ///
    /// As [`Product::run`]; the part must have been packed, where it is.
    unsafe fn multiply<S: Simd>(&self, crew: &dyn Crew, part: Part) {
        let columns = part.to - part.from;
        let (rows, wide) = self.pieces_of::<S>(columns, crew.threads());
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
                (self.b.wrapping_add(low * self.ldb + column), self.ldb, width::<S>())
            } else {
                let at = part.block::<S>(block).wrapping_add((first + j) * k);
                (at.cast_const(), width::<S>(), width::<S>() * k)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{floats, on_all};
    use crate::simd::Work;

    /// What a product is of: each matrix with steps beyond its own width.
    struct Case {
        transpose: (bool, bool),
        sizes: [usize; 3],
        bias: bool,
        derivative: bool,
        factor: (bool, bool),
        sums: bool,
    }

    struct Results {
        c: Vec<f32>,
        derivative: Vec<f32>,
        sums: Vec<f32>,
    }

    struct Inputs {
        a: Vec<f32>,
        b: Vec<f32>,
        factor_a: Vec<f32>,
        factor_b: Vec<f32>,
        bias: Vec<f32>,
        steps: [usize; 3],
    }

    fn inputs(case: &Case) -> Inputs {
        let [m, n, k] = case.sizes;
        let (rows_a, columns_a) = if case.transpose.0 { (k, m) } else { (m, k) };
        let (rows_b, columns_b) = if case.transpose.1 { (n, k) } else { (k, n) };
        let steps = [columns_a + 3, columns_b + 1, n + 2];
        Inputs {
            a: floats(1, rows_a * steps[0]),
            b: floats(2, rows_b * steps[1]),
            factor_a: floats(3, rows_a * steps[0]),
            factor_b: floats(4, rows_b * steps[1]),
            bias: floats(5, n),
            steps,
        }
    }

    fn compute<S: Simd>(case: &Case, given: &Inputs, threads: usize) -> Results {
        let [m, n, k] = case.sizes;
        let mut out = Results {
            c: vec![7.0; m * given.steps[2]],
            derivative: vec![7.0; m * given.steps[2]],
            sums: vec![7.0; n],
        };
        let pick =
            |wanted: bool, from: &[f32]| if wanted { from.as_ptr() } else { std::ptr::null() };
        let place = |wanted: bool, to: &mut [f32]| {
            if wanted { to.as_mut_ptr() } else { std::ptr::null_mut() }
        };
        let product = Product {
            transpose_a: case.transpose.0,
            transpose_b: case.transpose.1,
            m,
            n,
            k,
            a: given.a.as_ptr(),
            lda: given.steps[0],
            b: given.b.as_ptr(),
            ldb: given.steps[1],
            c: out.c.as_mut_ptr(),
            ldc: given.steps[2],
            bias: pick(case.bias, &given.bias),
            derivative: place(case.derivative, &mut out.derivative),
            factor_a: pick(case.factor.0, &given.factor_a),
            factor_b: pick(case.factor.1, &given.factor_b),
            sums: place(case.sums, &mut out.sums),
        };
        let mut packed = Space::default();
        let pool = Pool::start(threads);
        // SAFETY: the matrices hold what the sizes say.
        unsafe { product.run::<S>(&pool, &mut packed) };
        out
    }

    /// The same in 64 bits, element by element.
    fn expected(case: &Case, given: &Inputs, i: usize, j: usize) -> f64 {
        let [_, _, k] = case.sizes;
        let mut sum = if case.bias { f64::from(given.bias[j]) } else { 0.0 };
        for p in 0..k {
            let a = if case.transpose.0 { p * given.steps[0] + i } else { i * given.steps[0] + p };
            let b = if case.transpose.1 { j * given.steps[1] + p } else { p * given.steps[1] + j };
            let mut term = f64::from(given.a[a]) * f64::from(given.b[b]);
            if case.factor.0 {
                term *= f64::from(given.factor_a[a]);
            }
            if case.factor.1 {
                term *= f64::from(given.factor_b[b]);
            }
            sum += term;
        }
        sum
    }

    fn check<S: Simd>(case: &Case) {
        let given = inputs(case);
        let [m, n, k] = case.sizes;
        let one = compute::<S>(case, &given, 1);
        let three = compute::<S>(case, &given, 3);
        assert_eq!(one.c, three.c, "threads change no bit");
        assert_eq!(one.sums, three.sums);
        assert_eq!(one.derivative, three.derivative);
        for i in 0..m {
            for j in 0..n {
                let wanted = expected(case, &given, i, j);
                let got = f64::from(one.c[i * given.steps[2] + j]);
                let near = 1e-5 * (1.0 + k as f64).sqrt() * 10.0;
                if case.derivative {
                    // x · Φ(x), by a sum that needs no error function: Φ from its own derivative.
                    assert!((got - gelu(wanted)).abs() < near, "{i} {j}: {got}, {wanted}");
                    let slope = f64::from(one.derivative[i * given.steps[2] + j]);
                    let step = 1e-4;
                    let finite = (gelu(wanted + step) - gelu(wanted - step)) / (2.0 * step);
                    assert!((slope - finite).abs() < near, "{i} {j}: {slope}, {finite}");
                } else {
                    assert!((got - wanted).abs() < near, "{i} {j}: {got}, {wanted}");
                }
            }
            // Nothing is written beyond the row.
            assert_eq!(one.c[i * given.steps[2] + n..(i + 1) * given.steps[2]], [7.0, 7.0]);
        }
        if case.sums {
            for j in 0..n {
                let mut wanted = 0.0;
                for p in 0..k {
                    let at = p * given.steps[1] + j;
                    let factor = if case.factor.1 { f64::from(given.factor_b[at]) } else { 1.0 };
                    wanted += f64::from(given.b[at]) * factor;
                }
                let got = f64::from(one.sums[j]);
                assert!(
                    (got - wanted).abs() < 1e-4 * (1.0 + k as f64).sqrt(),
                    "{j}: {got}, {wanted}"
                );
            }
        }
    }

    /// x · Φ(x), Φ as ½ + the integral of its density by Simpson's rule.
    fn gelu(x: f64) -> f64 {
        let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let parts = 2000;
        let step = x / f64::from(parts);
        let mut sum = density(0.0) + density(x);
        for i in 1..parts {
            sum += density(f64::from(i) * step) * if i % 2 == 1 { 4.0 } else { 2.0 };
        }
        x * (0.5 + sum * step / 3.0)
    }

    #[derive(Clone, Copy)]
    struct Everything;

    impl Work for Everything {
        #[inline(always)]
        unsafe fn with<S: Simd>(self) {
            let sizes = [
                [1, 1, 1],
                [5, 3, 0],
                [17, 17, 9],
                [13, 33, 40],
                [97, 70, 31],
                [7, 300, 401],
                [40, 19, 900],
                [130, 65, 128],
            ];
            for sizes in sizes {
                for code in 0..4 {
                    let transpose = (code & 1 != 0, code & 2 != 0);
                    let plain = Case {
                        transpose,
                        sizes,
                        bias: false,
                        derivative: false,
                        factor: (false, false),
                        sums: false,
                    };
                    check::<S>(&plain);
                    check::<S>(&Case { bias: true, ..plain });
                    check::<S>(&Case { factor: (!transpose.0, false), ..plain });
                    if !transpose.1 {
                        check::<S>(&Case { sums: true, ..plain });
                        check::<S>(&Case { sums: true, factor: (false, true), ..plain });
                    }
                }
            }
            let activated = Case {
                transpose: (false, false),
                sizes: [29, 70, 41],
                bias: true,
                derivative: true,
                factor: (false, false),
                sums: false,
            };
            check::<S>(&activated);
        }
    }

    #[test]
    fn products_are_those_of_64_bits() {
        on_all(Everything);
    }
}
