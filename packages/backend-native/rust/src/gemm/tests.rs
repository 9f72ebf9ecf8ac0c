//! Products against sums in 64 bits, for every set of instructions.

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
    let pick = |wanted: bool, from: &[f32]| if wanted { from.as_ptr() } else { std::ptr::null() };
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
            assert!((got - wanted).abs() < 1e-4 * (1.0 + k as f64).sqrt(), "{j}: {got}, {wanted}");
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
