//! Attention and its gradients against loops of 64-bit floats.

use crate::engine::{Engine, Instructions};
use crate::generated::number;
use crate::kernels::testing::lengths;
use crate::memory::{FIRST, Memory};

const IMAGES: usize = 2;

/// The sizes of a call.
#[derive(Clone, Copy, Debug)]
struct Shape {
    n: usize,
    heads: usize,
    size: usize,
}

impl Shape {
    fn width(self) -> usize {
        self.heads * self.size
    }
    fn projection(self) -> usize {
        IMAGES * self.n * 3 * self.width()
    }
    fn output(self) -> usize {
        IMAGES * self.n * self.width()
    }
    fn weights(self) -> usize {
        IMAGES * self.heads * self.n * self.n
    }
    fn scale(self) -> f64 {
        f64::from(1.0 / (self.size as f32).sqrt())
    }
    /// Where a value of a head is: part 0 to 2 of the projection's token.
    fn packed(self, image: usize, token: usize, part: usize, head: usize, i: usize) -> usize {
        ((image * self.n + token) * 3 + part) * self.width() + head * self.size + i
    }
    fn plain(self, image: usize, token: usize, head: usize, i: usize) -> usize {
        (image * self.n + token) * self.width() + head * self.size + i
    }
    fn weight(self, image: usize, head: usize, from: usize, to: usize) -> usize {
        ((image * self.heads + head) * self.n + from) * self.n + to
    }
}

/// Numbers between -2 and 2 that follow from their place alone.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 22) as f32 - 2.0
    };
    (0..count).map(|_| next()).collect()
}

/// The weights and the output.
fn forward(shape: Shape, qkv: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let Shape { n, heads, size } = shape;
    let x = |image, token, part, head, i| f64::from(qkv[shape.packed(image, token, part, head, i)]);
    let mut weights = vec![0.0; shape.weights()];
    let mut out = vec![0.0; shape.output()];
    for (image, head) in (0..IMAGES).flat_map(|image| (0..heads).map(move |head| (image, head))) {
        for from in 0..n {
            let score = |to| {
                let products =
                    (0..size).map(|i| x(image, from, 0, head, i) * x(image, to, 1, head, i));
                shape.scale() * products.sum::<f64>()
            };
            let scores: Vec<f64> = (0..n).map(score).collect();
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
            for to in 0..n {
                let weight = (scores[to] - largest).exp() / sum;
                weights[shape.weight(image, head, from, to)] = weight;
                for i in 0..size {
                    out[shape.plain(image, from, head, i)] += weight * x(image, to, 2, head, i);
                }
            }
        }
    }
    (weights, out)
}

/// The gradient of the projection: dV = Pᵀ dO, dP = dO Vᵀ, dS = P (dP - the row's sum of P dP),
/// dQ = scale dS K, dK = scale dSᵀ Q.
fn backward(shape: Shape, qkv: &[f32], weights: &[f64], d_out: &[f32]) -> Vec<f64> {
    let Shape { n, heads, size } = shape;
    let mut gradient = vec![0.0; shape.projection()];
    for (image, head) in (0..IMAGES).flat_map(|image| (0..heads).map(move |head| (image, head))) {
        let x = |token, part, i| f64::from(qkv[shape.packed(image, token, part, head, i)]);
        let d = |token, i| f64::from(d_out[shape.plain(image, token, head, i)]);
        for from in 0..n {
            let d_weights: Vec<f64> =
                (0..n).map(|to| (0..size).map(|i| d(from, i) * x(to, 2, i)).sum()).collect();
            let p = |to| weights[shape.weight(image, head, from, to)];
            let mean: f64 = (0..n).map(|to| p(to) * d_weights[to]).sum();
            for to in 0..n {
                let d_score = shape.scale() * p(to) * (d_weights[to] - mean);
                for i in 0..size {
                    gradient[shape.packed(image, from, 0, head, i)] += d_score * x(to, 1, i);
                    gradient[shape.packed(image, to, 1, head, i)] += d_score * x(from, 0, i);
                    gradient[shape.packed(image, to, 2, head, i)] += p(to) * d(from, i);
                }
            }
        }
    }
    gradient
}

/// Arrays one after another up to the end of the memory; what is beyond it is no memory at all.
struct Arrays {
    engine: Engine,
    next: usize,
}

impl Arrays {
    fn start(instructions: Instructions, floats: usize) -> Self {
        let bytes = (FIRST + 4 * floats).next_multiple_of(1 << 16);
        let mut memory = Memory::reserve(bytes).unwrap();
        memory.grow(bytes).unwrap();
        let next = bytes - 4 * floats;
        Self { engine: Engine::start(memory, instructions, 2), next }
    }

    fn put(&mut self, values: &[f32]) -> f64 {
        let at = self.next;
        self.next += 4 * values.len();
        let to = self.engine.memory.at(at as f64, 4.0 * values.len() as f64).unwrap();
        // SAFETY: the place is inside the memory.
        unsafe { to.cast::<f32>().copy_from_nonoverlapping(values.as_ptr(), values.len()) };
        at as f64
    }

    fn get(&self, at: f64, count: usize) -> Vec<f32> {
        let from = self.engine.memory.at(at, 4.0 * count as f64).unwrap();
        // SAFETY: the place is inside the memory.
        unsafe { std::slice::from_raw_parts(from.cast::<f32>(), count) }.to_vec()
    }
}

fn expect_close(found: &[f32], expected: &[f64], shape: Shape, what: &str) {
    let largest = expected.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    for (i, (x, y)) in found.iter().zip(expected).enumerate() {
        let off = (f64::from(*x) - y).abs();
        assert!(off <= 1e-5 * largest, "{shape:?}: {what} {i} is {x}, expected {y}");
    }
}

fn check(instructions: Instructions, shape: Shape) {
    let Shape { n, heads, size } = shape;
    let qkv = numbers(shape.projection(), 1 + n as u32);
    let d_out = numbers(shape.output(), 1000 + size as u32);
    let rubbish = f32::NAN;
    let total = 2 * shape.projection() + 2 * shape.output() + shape.weights();
    let mut arrays = Arrays::start(instructions, total);
    let from = arrays.put(&qkv);
    let d_from = arrays.put(&d_out);
    let weights = arrays.put(&vec![rubbish; shape.weights()]);
    let out = arrays.put(&vec![rubbish; shape.output()]);
    let gradient = arrays.put(&vec![rubbish; shape.projection()]);
    let items = (IMAGES * heads) as f64;
    let sizes = [n as f64, heads as f64, size as f64, shape.scale()];
    let tasks = IMAGES * heads;
    let call = [&[items, 1.0, from, weights, out], &sizes[..]].concat();
    arrays.engine.run(number::ATTENTION, &call, tasks).unwrap();
    let call = [&[items, 1.0, from, weights, d_from, gradient], &sizes[..]].concat();
    arrays.engine.run(number::ATTENTION_GRADIENT, &call, tasks).unwrap();

    let (expected_weights, expected_out) = forward(shape, &qkv);
    let expected_gradient = backward(shape, &qkv, &expected_weights, &d_out);
    expect_close(&arrays.get(weights, shape.weights()), &expected_weights, shape, "weight");
    expect_close(&arrays.get(out, shape.output()), &expected_out, shape, "output");
    let found = arrays.get(gradient, shape.projection());
    expect_close(&found, &expected_gradient, shape, "gradient");
    assert_eq!(arrays.get(from, qkv.len()), qkv, "{shape:?}: the projection is only read");
}

#[test]
fn every_count_of_tokens_and_size_of_head() {
    for instructions in Instructions::here() {
        for n in lengths(1..71) {
            // Each size up to 70 with some counts of tokens, and the other way round.
            let size = 1 + (n * 29) % 70;
            check(instructions, Shape { n, heads: 1 + n % 3, size });
            check(instructions, Shape { n: size, heads: 1 + size % 3, size: n });
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many operations for an interpreter")]
fn the_shapes_of_models() {
    for instructions in Instructions::here() {
        for (n, size) in [(17, 24), (65, 32), (197, 64), (257, 48)] {
            check(instructions, Shape { n, heads: 2, size });
        }
    }
}
