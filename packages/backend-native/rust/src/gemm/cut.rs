//! How a product is cut: into blocks of k by the sizes alone, into pieces for the threads.

use crate::simd::Simd;

/// Most of k that one block takes: rows of A of a tile then stay in the first cache.
pub const DEPTH: usize = 384;
/// Pieces of work for each thread: enough to even out when one is held up.
pub const PIECES: usize = 6;
/// The same where pieces read all of k of their rows and columns, and pack it.
const LONG_PIECES: usize = 2;
/// Rows of a transposed A that belong together: whole tiles of any kernel, and whole lines of the cache.
const STRIP: usize = 48;
/// Columns that are worth a piece of their own.
const LEAST_COLUMNS: usize = 128;
/// How many multiplications take as long as reading one float that is in no cache.
const READING: f64 = 32.0;

/// How long the blocks of k are: as even as they can be.
pub fn depth_of(k: usize) -> usize {
    let blocks = k.div_ceil(DEPTH).max(1);
    k.div_ceil(blocks).next_multiple_of(8).max(8)
}

/// How many rows and columns of C `[m, columns]` a piece takes.
pub fn pieces_of<S: Simd>(m: usize, columns: usize, threads: usize) -> (usize, usize) {
    let wanted = PIECES * threads;
    let rows = m.div_ceil(wanted).next_multiple_of(S::TILE_ROWS);
    let across = wanted.div_ceil(m.div_ceil(rows));
    let wide = columns.div_ceil(across).max(LEAST_COLUMNS);
    (rows, wide.next_multiple_of(S::PANEL))
}

/// The same where k is long: A is read once for each piece across, B once for each piece down, and no thread
/// should have nothing to do at the end.
pub fn long_pieces_of<S: Simd>(m: usize, columns: usize, threads: usize) -> (usize, usize) {
    let wanted = if threads == 1 { 1 } else { LONG_PIECES * threads };
    let mut best = (f64::INFINITY, (m, columns));
    for down in 1..=wanted {
        for across in wanted.div_ceil(down)..=2 * wanted {
            let rows = m.div_ceil(down * STRIP) * STRIP;
            let wide = columns.div_ceil(across).next_multiple_of(S::PANEL);
            let (down, across) = (m.div_ceil(rows), columns.div_ceil(wide));
            let turns = (down * across).div_ceil(threads);
            let reads = (down * columns + across * m) / threads;
            let time = (turns * rows * wide) as f64 + READING * reads as f64;
            if time < best.0 {
                best = (time, (rows, wide));
            }
        }
    }
    best.1
}
