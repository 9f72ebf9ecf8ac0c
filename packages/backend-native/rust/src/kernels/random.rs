//! Normal numbers of a key: the same bits as `normal` of @twocan/core, which says where all of this is from
//! (Threefry-2x32: Salmon et al., SC 2011; quantile: Wichura, AS 241). Only operations that IEEE 754 rounds
//! exactly, in the same order; no fused multiply-add.
//!
//! Plain loops over arrays, which the compiler turns into vector instructions: the words of a block of counters,
//! then the middle of the quantile for all of them, then its tail for the seventh part that lies there, put together.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// Numbers of a block.
const BLOCK: usize = 256;
/// Numbers are made in multiples of this, so that no loop has a rest.
const STEP: usize = 16;

/// Four rounds of Threefry, with these turns, and a part of the key.
macro_rules! four_rounds {
    ($a:ident, $b:ident, $turns:expr, $key:expr) => {
        let turns: [u32; 4] = $turns;
        $a = $a.wrapping_add($b);
        $b = $b.rotate_left(turns[0]) ^ $a;
        $a = $a.wrapping_add($b);
        $b = $b.rotate_left(turns[1]) ^ $a;
        $a = $a.wrapping_add($b);
        $b = $b.rotate_left(turns[2]) ^ $a;
        $a = $a.wrapping_add($b);
        $b = $b.rotate_left(turns[3]) ^ $a;
        $a = $a.wrapping_add($key.0);
        $b = $b.wrapping_add($key.1);
    };
}
const EVEN: [u32; 4] = [13, 15, 26, 6];
const ODD: [u32; 4] = [17, 29, 16, 24];

/// The two words of each of `count` counters from `first`, one after the other.
#[inline(always)]
fn threefry(hi: u32, lo: u32, first: u32, count: usize, words: &mut [u32; BLOCK]) {
    let third = 0x1bd1_1bda ^ hi ^ lo;
    let mut j = 0;
    while j < count {
        let mut a = first.wrapping_add(j as u32).wrapping_add(hi);
        let mut b = lo;
        four_rounds!(a, b, EVEN, (lo, third.wrapping_add(1)));
        four_rounds!(a, b, ODD, (third, hi.wrapping_add(2)));
        four_rounds!(a, b, EVEN, (hi, lo.wrapping_add(3)));
        four_rounds!(a, b, ODD, (lo, third.wrapping_add(4)));
        four_rounds!(a, b, EVEN, (third, hi.wrapping_add(5)));
        words[2 * j] = a;
        words[2 * j + 1] = b;
        j += 1;
    }
}

const CENTRE_P: [f64; 8] = [
    2509.0809287301227,
    33430.57558358813,
    67265.7709270087,
    45921.95393154987,
    13731.69376550946,
    1971.5909503065513,
    133.14166789178438,
    3.3871328727963665,
];
const CENTRE_Q: [f64; 8] = [
    5226.495278852854,
    28729.085735721943,
    39307.89580009271,
    21213.794301586597,
    5394.196021424751,
    687.1870074920579,
    42.31333070160091,
    1.0,
];
const TAIL_P: [f64; 8] = [
    0.0007745450142783414,
    0.022723844989269184,
    0.2417807251774506,
    1.2704582524523684,
    3.6478483247632045,
    5.769497221460691,
    4.630337846156546,
    1.4234371107496835,
];
const TAIL_Q: [f64; 8] = [
    1.0507500716444169e-9,
    0.0005475938084995345,
    0.015198666563616457,
    0.14810397642748008,
    0.6897673349851,
    1.6763848301838038,
    2.053191626637759,
    1.0,
];

/// A polynomial of degree 7 by Horner's scheme, from the highest power.
#[inline(always)]
fn polynomial(c: [f64; 8], x: f64) -> f64 {
    ((((((c[0] * x + c[1]) * x + c[2]) * x + c[3]) * x + c[4]) * x + c[5]) * x + c[6]) * x + c[7]
}

/// z = q·P(r)/Q(r) for |q| up to 0.425, r = 0.180625 - q².
#[inline(always)]
fn centre(q: f64) -> f64 {
    let r = 0.180625 - q * q;
    (q * polynomial(CENTRE_P, r)) / polynomial(CENTRE_Q, r)
}

/// 1/23, 1/21, … 1/3, 1.
const ODD_PARTS: [f64; 12] = [
    1.0 / 23.0,
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
    1.0,
];
/// Bits of 2^52: with a whole number in the lowest bits, 2^52 and that number.
const WHOLE: u64 = 0x4330_0000_0000_0000;

/// ln x for x in [2^-33, ½]: halvings counted, then 2·artanh((m - 1)/(m + 1)) as a series.
#[inline(always)]
fn natural_log(x: f64) -> f64 {
    // x = m·2^-halvings with m from √½ to √2; doubling is exact, so it is done on the exponent.
    let bits = x.to_bits();
    let half = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3fe0_0000_0000_0000);
    let low = half < FRAC_1_SQRT_2;
    let mantissa = if low { half * 2.0 } else { half };
    let count = 1022 - (bits >> 52) + low as u64;
    let halvings = f64::from_bits(WHOLE | count) - f64::from_bits(WHOLE);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let squared = s * s;
    let mut sum = ODD_PARTS[0];
    let mut k = 1;
    while k < ODD_PARTS.len() {
        sum = sum * squared + ODD_PARTS[k];
        k += 1;
    }
    2.0 * s * sum - halvings * LN_2
}

/// The quantile of p below 0.075 or above 0.925.
#[inline(always)]
fn tail(p: f64) -> f64 {
    let below = p < 0.5;
    let outer = if below { p } else { 1.0 - p };
    // r is up to 4.79: no word gives less than 2^-33.
    let x = (-natural_log(outer)).sqrt() - 1.6;
    let z = polynomial(TAIL_P, x) / polynomial(TAIL_Q, x);
    if below { -z } else { z }
}

/// Room for a block.
struct Block {
    words: [u32; BLOCK],
    probabilities: [f64; BLOCK],
    quantiles: [f64; BLOCK],
    /// Where the tails are, and their probabilities; later their quantiles.
    places: [u32; BLOCK],
    tails: [f64; BLOCK],
}

/// y (n numbers) = level · normal numbers of the key.
///
/// # Safety
/// Writes n floats of y.
#[inline(always)]
unsafe fn normals(hi: u32, lo: u32, level: f32, y: *mut f32, n: usize, block: &mut Block) {
    let mut i = 0;
    while i < n {
        let wanted = if n - i < BLOCK { n - i } else { BLOCK };
        let count = wanted.next_multiple_of(STEP);
        // Counter j gives numbers 2j and 2j + 1.
        threefry(hi, lo, (i >> 1) as u32, count / 2, &mut block.words);
        let mut j = 0;
        while j < count {
            let p = (block.words[j] as f64 + 0.5) * 2.3283064365386963e-10; // 2^-32
            block.probabilities[j] = p;
            block.quantiles[j] = centre(p - 0.5);
            j += 1;
        }
        let mut found = 0;
        j = 0;
        while j < count {
            let p = block.probabilities[j];
            // Written always, kept where it is a tail: no branch.
            block.tails[found] = p;
            block.places[found] = j as u32;
            found += usize::from((p - 0.5).abs() > 0.425);
            j += 1;
        }
        let tails = found.next_multiple_of(STEP);
        j = found;
        while j < tails {
            block.tails[j] = 0.05;
            j += 1;
        }
        j = 0;
        while j < tails {
            block.tails[j] = tail(block.tails[j]);
            j += 1;
        }
        j = 0;
        while j < found {
            block.quantiles[block.places[j] as usize] = block.tails[j];
            j += 1;
        }
        j = 0;
        while j < wanted {
            unsafe { *y.add(i + j) = level * block.quantiles[j] as f32 };
            j += 1;
        }
        i += BLOCK;
    }
}

/// Rows `from` to `to` of y `[rows, n]`; `table` holds of each the key's two words and the bits of the level.
///
/// # Safety
/// Reads table `[3·from, 3·to)`, writes y `[from·n, to·n)`.
#[inline(always)]
pub unsafe fn normal_rows(table: *const i32, y: *mut f32, n: usize, from: usize, to: usize) {
    let mut block = Block {
        words: [0; BLOCK],
        probabilities: [0.0; BLOCK],
        quantiles: [0.0; BLOCK],
        places: [0; BLOCK],
        tails: [0.0; BLOCK],
    };
    let mut r = from;
    while r < to {
        unsafe {
            let row = table.add(3 * r);
            let level = f32::from_bits(*row.add(2) as u32);
            let (hi, lo) = (*row as u32, *row.add(1) as u32);
            normals(hi, lo, level, y.add(r * n), n, &mut block);
        }
        r += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `fold(key(7), 'noise')` of @twocan/core.
    const KEY: [i32; 2] = [238912824, 2212562047_u32 as i32];
    /// Bits of its first normal numbers.
    const BITS: [u32; 40] = [
        0xbeaa99f4, 0x3f5ba6a6, 0x3f7d4d3e, 0x3e787a72, 0x3f9ec3ed, 0xbf4c4907, 0x3eabaddd,
        0x3ea51ee0, 0x3f0f123d, 0x3fbc8d5e, 0xbe36b5ac, 0xbf18f742, 0xbee6e7e7, 0x3f86156f,
        0x401bfafb, 0x3e14b6ec, 0xbe0cc118, 0x3de69ea1, 0xbe0c801b, 0xbf8cc523, 0x3ed0701b,
        0x3d4c933d, 0x3e06cc8b, 0x3f304e05, 0x3fe350a7, 0xbf079d36, 0x3c652724, 0x3ec6a0e8,
        0x3f864b41, 0xbe94463f, 0xbf8708ad, 0x3fb6d114, 0xbf7950ee, 0xbf1c7642, 0xbff4d123,
        0xbf8c58e0, 0x3bb042e1, 0xbfe133d5, 0xbfecd789, 0x3e9c2e9b,
    ];

    fn numbers(n: usize, level: f32) -> Vec<f32> {
        let table = [0, 0, 0, KEY[0], KEY[1], level.to_bits() as i32];
        let mut y = vec![7.0; 2 * n + 5];
        // SAFETY: two rows of table and y; only the second is asked for.
        unsafe { normal_rows(table.as_ptr(), y.as_mut_ptr(), n, 1, 2) };
        assert!(y[..n].iter().chain(&y[2 * n..]).all(|&v| v == 7.0));
        y[n..2 * n].to_vec()
    }

    #[test]
    fn the_bits_of_core() {
        for n in 0..BITS.len() {
            let bits: Vec<u32> = numbers(n, 1.0).iter().map(|v| v.to_bits()).collect();
            assert_eq!(bits, BITS[..n]);
        }
    }

    /// An FNV hash of the words of a million numbers, computed by core.
    #[test]
    #[cfg_attr(miri, ignore)] // takes hours there
    fn a_million_numbers_of_core() {
        let hash = numbers(1_000_003, 1.0)
            .iter()
            .fold(0x811c_9dc5_u32, |hash, v| (hash ^ v.to_bits()).wrapping_mul(0x0100_0193));
        assert_eq!(hash, 0xa8e5_f793);
    }

    #[test]
    fn any_length_starts_alike() {
        let all = numbers(1100, 0.5);
        for n in [1, 2, 15, 16, 17, 255, 256, 257, 511, 513, 1099] {
            assert_eq!(numbers(n, 0.5), all[..n]);
        }
        let whole = numbers(1100, 1.0);
        assert!(all.iter().zip(&whole).all(|(half, one)| *half == 0.5 * one));
    }

    #[test]
    fn the_known_blocks() {
        // Random123's answers for zeros and for ones.
        let mut words = [0; BLOCK];
        threefry(0, 0, 0, 1, &mut words);
        assert_eq!(words[..2], [0x6b20_0159, 0x99ba_4efe]);
    }

    #[test]
    fn the_logarithm() {
        for i in 1..3000 {
            let x = (-0.0077 * i as f64).exp() * 0.5;
            if x < 1e-10 {
                break;
            }
            let (got, want) = (natural_log(x), x.ln());
            assert!((got - want).abs() < 1e-14 * want.abs(), "ln {x}: {got}, wanted {want}");
        }
    }

    #[test]
    fn the_ends_are_finite() {
        for word in [0u32, 1, 2, u32::MAX - 1, u32::MAX] {
            let z = tail((word as f64 + 0.5) * 2.3283064365386963e-10);
            assert!(z.abs() > 6.0 && z.abs() < 6.5, "{word}: {z}");
            assert_eq!(z < 0.0, word < 100);
        }
    }
}
