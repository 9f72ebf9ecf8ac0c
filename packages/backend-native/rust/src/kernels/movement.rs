//! Moves 4-byte numbers without looking at them. A number is never taken for a float on its way, so its bits
//! arrive whatever they mean.

use crate::simd::Simd;

/// Words that are moved together in a short run.
const WORDS: usize = 8;
/// Longer runs are left to the library's copy.
const SHORT: usize = 128;

/// Copies n words; short runs without a call.
///
/// # Safety
/// Reads n words at `from`, writes n at `to`.
#[inline(always)]
unsafe fn copy_run(from: *const u32, to: *mut u32, n: usize) {
    unsafe {
        if n >= SHORT {
            core::ptr::copy(from, to, n);
            return;
        }
        let mut i = 0;
        while i + WORDS <= n {
            let words: [u32; WORDS] = from.add(i).cast::<[u32; WORDS]>().read();
            to.add(i).cast::<[u32; WORDS]>().write(words);
            i += WORDS;
        }
        while i < n {
            *to.add(i) = *from.add(i);
            i += 1;
        }
    }
}

/// Writes the same word to places `from` to `to`.
///
/// # Safety
/// Writes y `[from, to)`.
#[inline(always)]
pub unsafe fn fill_words(word: i32, y: *mut i32, from: usize, to: usize) {
    unsafe {
        if word == 0 {
            core::ptr::write_bytes(y.add(from), 0, to - from);
            return;
        }
        let mut i = from;
        while i < to {
            *y.add(i) = word;
            i += 1;
        }
    }
}

/// Copies a block of `[d0, d1, d2, d3]` runs of `run` words, each side with strides of its own; the range is
/// over d0·d1. Transposes, slices, concatenations and padding are all of this form.
///
/// # Safety
/// Reads of x, and writes of y, `run` words at i·s0 + j·s1 + a·s2 + b·s3 with the strides of that side, for
/// each i·d1 + j in `[from, to)`, a below d2 and b below d3. `d1` is not 0 where there are items.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn copy_block(
    x: *const u32,
    x0: usize,
    x1: usize,
    x2: usize,
    x3: usize,
    y: *mut u32,
    y0: usize,
    y1: usize,
    y2: usize,
    y3: usize,
    d1: usize,
    d2: usize,
    d3: usize,
    run: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut o = from;
        while o < to {
            let (i, j) = (o / d1, o % d1);
            let source = x.add(i * x0 + j * x1);
            let target = y.add(i * y0 + j * y1);
            let mut a = 0;
            while a < d2 {
                let s = source.add(a * x2);
                let t = target.add(a * y2);
                let mut b = 0;
                if run == 1 {
                    while b < d3 {
                        *t.add(b * y3) = *s.add(b * x3);
                        b += 1;
                    }
                } else {
                    while b < d3 {
                        copy_run(s.add(b * x3), t.add(b * y3), run);
                        b += 1;
                    }
                }
                a += 1;
            }
            o += 1;
        }
    }
}

/// Rows and columns of a block: one cache line of the result, and of what it is made of.
const BLOCK: usize = 16;
/// Rows and columns that are turned in registers.
const TILE: usize = 4;

/// `[rows, columns]` to `[columns, rows]`, rows `from` to `to`.
///
/// A line of the result is written at once. Sixteen columns go from the first row to the last: lines of the
/// result may lie a power of two apart, and then the caches hold only a few of them.
///
/// # Safety
/// Reads x `[from·columns, to·columns)`; writes of y, for each column j, `[j·rows + from, j·rows + to)`.
#[inline(always)]
pub unsafe fn transpose_rows(
    x: *const u32,
    y: *mut u32,
    rows: usize,
    columns: usize,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut jb = 0;
        while jb < columns {
            let j_end = if jb + BLOCK < columns { jb + BLOCK } else { columns };
            let mut i = from;
            while i + BLOCK <= to {
                let mut j = jb;
                while j + TILE <= j_end {
                    transpose_lines(x.add(i * columns + j), columns, y.add(j * rows + i), rows);
                    j += TILE;
                }
                transpose_words(x, y, rows, columns, i, i + BLOCK, j, j_end);
                i += BLOCK;
            }
            while i + TILE <= to {
                let mut j = jb;
                while j + TILE <= j_end {
                    let tile = turned(x.add(i * columns + j), columns);
                    let mut c = 0;
                    while c < TILE {
                        y.add((j + c) * rows + i).cast::<Words>().write_unaligned(tile[c]);
                        c += 1;
                    }
                    j += TILE;
                }
                transpose_words(x, y, rows, columns, i, i + TILE, j, j_end);
                i += TILE;
            }
            transpose_words(x, y, rows, columns, i, to, jb, j_end);
            jb += BLOCK;
        }
    }
}

/// Rows `i` to `i_end` of columns `j` to `j_end`, word by word: what is left beside the tiles.
///
/// # Safety
/// Reads these words of x, `[rows, columns]`, and writes them to y, `[columns, rows]`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn transpose_words(
    x: *const u32,
    y: *mut u32,
    rows: usize,
    columns: usize,
    i: usize,
    i_end: usize,
    j: usize,
    j_end: usize,
) {
    unsafe {
        let mut j = j;
        while j < j_end {
            let mut r = i;
            while r < i_end {
                *y.add(j * rows + r) = *x.add(r * columns + j);
                r += 1;
            }
            j += 1;
        }
    }
}

/// Sixteen rows of four words, to four columns.
///
/// # Safety
/// Reads 16 rows of x that lie `across` words apart, writes four of y that lie `down` apart.
#[inline(always)]
unsafe fn transpose_lines(x: *const u32, across: usize, y: *mut u32, down: usize) {
    unsafe {
        let tiles = [
            turned(x, across),
            turned(x.add(TILE * across), across),
            turned(x.add(2 * TILE * across), across),
            turned(x.add(3 * TILE * across), across),
        ];
        let mut c = 0;
        while c < TILE {
            let line = y.add(c * down).cast::<Words>();
            line.write_unaligned(tiles[0][c]);
            line.add(1).write_unaligned(tiles[1][c]);
            line.add(2).write_unaligned(tiles[2][c]);
            line.add(3).write_unaligned(tiles[3][c]);
            c += 1;
        }
    }
}

/// Four words. On x86-64 a register that each of its processors has: of an array, the compiler makes scattered
/// stores with AVX-512, 20 times as slow.
#[cfg(target_arch = "x86_64")]
type Words = core::arch::x86_64::__m128i;
#[cfg(not(target_arch = "x86_64"))]
type Words = [u32; TILE];

/// The columns of four rows of four words.
///
/// # Safety
/// Reads four rows of x that lie `across` words apart.
#[inline(always)]
unsafe fn turned(x: *const u32, across: usize) -> [Words; TILE] {
    unsafe {
        let a = x.cast::<Words>().read_unaligned();
        let b = x.add(across).cast::<Words>().read_unaligned();
        let c = x.add(2 * across).cast::<Words>().read_unaligned();
        let d = x.add(3 * across).cast::<Words>().read_unaligned();
        #[cfg(target_arch = "x86_64")]
        {
            use core::arch::x86_64::*;
            let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
            let (ab_high, cd_high) = (_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
            [
                _mm_unpacklo_epi64(ab, cd),
                _mm_unpackhi_epi64(ab, cd),
                _mm_unpacklo_epi64(ab_high, cd_high),
                _mm_unpackhi_epi64(ab_high, cd_high),
            ]
        }
        #[cfg(not(target_arch = "x86_64"))]
        [
            [a[0], b[0], c[0], d[0]],
            [a[1], b[1], c[1], d[1]],
            [a[2], b[2], c[2], d[2]],
            [a[3], b[3], c[3], d[3]],
        ]
    }
}

/// y[r] = rows[index[r]], rows of n words; a negative index, or one past `count`, gives `other`, or 0 where
/// `other` is null.
///
/// # Safety
/// Reads x `[0, count·n)`, index `[from, to)`, and n words of `other` where it is not null; writes y
/// `[from·n, to·n)`.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub unsafe fn gather_rows(
    x: *const u32,
    index: *const i32,
    y: *mut u32,
    n: usize,
    count: usize,
    other: *const u32,
    from: usize,
    to: usize,
) {
    unsafe {
        let mut r = from;
        while r < to {
            let row = *index.add(r);
            let target = y.add(r * n);
            if row >= 0 && (row as usize) < count {
                copy_run(x.add(row as usize * n), target, n);
            } else if !other.is_null() {
                copy_run(other, target, n);
            } else {
                core::ptr::write_bytes(target, 0, n);
            }
            r += 1;
        }
    }
}

/// y[index[r]] += x[r] for rows of n floats; y is cleared first. Negative indices, and those past `count`, are
/// left out.
///
/// # Safety
/// Reads x `[0, rows·n)` and index `[0, rows)`; writes y `[0, count·n)`.
#[inline(always)]
pub unsafe fn scatter_add_rows<S: Simd>(
    x: *const f32,
    index: *const i32,
    y: *mut f32,
    rows: usize,
    n: usize,
    count: usize,
) {
    unsafe {
        core::ptr::write_bytes(y, 0, count * n);
        let mut r = 0;
        while r < rows {
            let row = *index.add(r);
            if row >= 0 && (row as usize) < count {
                let to = y.add(row as usize * n);
                let from = x.add(r * n);
                let mut c = 0;
                while c < n {
                    S::put(to, c, n, S::add(S::get(to, c, n, 0.0), S::get(from, c, n, 0.0)));
                    c += S::LANES;
                }
            }
            r += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{Guarded, expect_close, floats, lengths, many, tests_of_each};

    const UNTOUCHED: u32 = 0xdead_beef;

    /// Words that are no ordinary floats among them.
    fn words(n: usize) -> Vec<u32> {
        (0..n).map(|i| (i as u32).wrapping_mul(0x9e37_79b9) | 0x7f80_0000).collect()
    }

    #[test]
    fn fills() {
        for n in lengths(0..70) {
            for word in [0, 1, -1, 0x3f80_0000] {
                let mut y = vec![77; n + 3];
                let from = n / 3;
                // SAFETY: n places and more.
                unsafe { fill_words(word, y.as_mut_ptr(), from, n) };
                for (i, &v) in y.iter().enumerate() {
                    assert_eq!(v, if i >= from && i < n { word } else { 77 });
                }
            }
        }
    }

    #[test]
    fn copies_runs() {
        for n in lengths(0..70).chain([127, 128, 129, many(1000)]) {
            let x = words(n);
            let mut y = vec![UNTOUCHED; n + 9];
            // SAFETY: n words on both sides.
            unsafe { copy_run(x.as_ptr(), y.as_mut_ptr(), n) };
            assert_eq!(y[..n], x);
            assert!(y[n..].iter().all(|&v| v == UNTOUCHED));
        }
    }

    /// All permutations of four axes of a block, in runs, into a place with a margin.
    #[test]
    fn copies_blocks() {
        for run in [1, 2, 9, many(150)] {
            let [d0, d1, d2, d3] = [2, 3, 4, 5];
            let x = words(d0 * d1 * d2 * d3 * run);
            let (x3, x2) = (run, d3 * run);
            let (x1, x0) = (d2 * x2, d1 * d2 * x2);
            // On the other side the axes are in the order 2, 0, 3, 1.
            let y1 = run + 1;
            let y3 = d1 * y1;
            let y0 = d3 * y3;
            let y2 = d0 * y0;
            let mut y = vec![UNTOUCHED; d2 * y2];
            let (from, to) = (1, d0 * d1);
            // SAFETY: the strides stay within x and y.
            unsafe {
                copy_block(
                    x.as_ptr(),
                    x0,
                    x1,
                    x2,
                    x3,
                    y.as_mut_ptr(),
                    y0,
                    y1,
                    y2,
                    y3,
                    d1,
                    d2,
                    d3,
                    run,
                    from,
                    to,
                );
            }
            let mut want = vec![UNTOUCHED; d2 * y2];
            for o in from..to {
                let (i, j) = (o / d1, o % d1);
                for (a, b) in (0..d2).flat_map(|a| (0..d3).map(move |b| (a, b))) {
                    for c in 0..run {
                        want[i * y0 + j * y1 + a * y2 + b * y3 + c] =
                            x[i * x0 + j * x1 + a * x2 + b * x3 + c];
                    }
                }
            }
            assert_eq!(y, want);
        }
    }

    #[test]
    fn transposes() {
        for rows in lengths(0..40).chain([70]) {
            for columns in lengths(0..40).chain([67]) {
                let x = words(rows * columns);
                let (from, to) = (rows / 5, rows - rows / 7);
                let mut y = vec![UNTOUCHED; rows * columns + 4];
                // SAFETY: rows·columns words on both sides.
                unsafe { transpose_rows(x.as_ptr(), y.as_mut_ptr(), rows, columns, from, to) };
                let mut want = vec![UNTOUCHED; rows * columns + 4];
                for i in from..to {
                    for j in 0..columns {
                        want[j * rows + i] = x[i * columns + j];
                    }
                }
                assert_eq!(y, want, "{rows} x {columns}");
            }
        }
    }

    #[test]
    fn gathers() {
        let index = [3, -1, 0, 4, i32::MAX, i32::MIN, 1];
        for n in lengths(0..70).chain([200]) {
            let (x, other) = (words(4 * n), words(n));
            for fill in [core::ptr::null(), other.as_ptr()] {
                let mut y = vec![UNTOUCHED; 7 * n + 3];
                // SAFETY: four rows of n, seven of y.
                unsafe {
                    gather_rows(x.as_ptr(), index.as_ptr(), y.as_mut_ptr(), n, 4, fill, 1, 7)
                };
                let mut want = vec![UNTOUCHED; 7 * n + 3];
                for (r, &row) in index.iter().enumerate().skip(1) {
                    for c in 0..n {
                        let none = if fill.is_null() { 0 } else { other[c] };
                        let inside = (0..4).contains(&row);
                        want[r * n + c] = if inside { x[row as usize * n + c] } else { none };
                    }
                }
                assert_eq!(y, want);
            }
        }
    }

    #[allow(clippy::missing_safety_doc)] // what they touch is theirs
    mod each {
        use super::*;
        use crate::simd::Simd;

        #[inline(always)]
        pub unsafe fn scatters<S: Simd>() {
            unsafe {
                let index = [3, -1, 0, 4, 3, i32::MAX, i32::MIN, 0, 3];
                for n in lengths(0..70) {
                    let x = floats(n as u64, 9 * n);
                    let mut y = Guarded::new(4 * n);
                    scatter_add_rows::<S>(x.as_ptr(), index.as_ptr(), y.at(), 9, n, 4);
                    let mut want = vec![0.0; 4 * n];
                    for (r, &row) in index.iter().enumerate() {
                        if (0..4).contains(&row) {
                            for c in 0..n {
                                want[row as usize * n + c] += x[r * n + c] as f64;
                            }
                        }
                    }
                    expect_close("scatter", y.values(), &want, 1e-6, 1e-6);
                }
            }
        }
    }

    tests_of_each! { scatters }
}
