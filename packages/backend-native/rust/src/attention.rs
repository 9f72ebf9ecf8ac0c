//! Multi-head self-attention of a packed projection `[B, N, 3D]`, one head of one image at a time: queries, keys
//! and values are read in place, as matrices whose rows lie 3D apart, and a head's `[N, N]` stays in the cache.

use crate::gemm::{Block, PackB};
use crate::generated::{Attention, AttentionGradient};
use crate::kernels::rows::{softmax_gradient_rows, softmax_rows};
use crate::simd::Simd;
use crate::space::Workspace;
use std::ptr::{null, null_mut};

/// Where one head of one image lies.
struct Head {
    n: usize,
    size: usize,
    /// Floats from one token to the next in a projection, and in what is no projection.
    stride: usize,
    width: usize,
    /// Of the head's queries in the projection, of its part of the output, and of its weights.
    packed: usize,
    plain: usize,
    weights: usize,
}

impl Head {
    fn new(n: usize, heads: usize, size: usize, item: usize) -> Self {
        let (image, head) = (item / heads, item % heads);
        let width = heads * size;
        Self {
            n,
            size,
            stride: 3 * width,
            width,
            packed: image * n * 3 * width + head * size,
            plain: image * n * width + head * size,
            weights: item * n * n,
        }
    }
}

/// A side of a product: where it is, and floats from row to row.
#[derive(Clone, Copy)]
struct Side(*const f32, usize);

/// B as the tiles read it: where it is, floats from row to row and from panel to panel, and whether it is padded.
#[derive(Clone, Copy)]
struct Panels {
    at: *const f32,
    row_step: usize,
    panel_step: usize,
    padded: bool,
}

impl Panels {
    /// B where it lies.
    fn lying<S: Simd>(Side(at, row_step): Side) -> Self {
        Self { at, row_step, panel_step: S::PANEL, padded: false }
    }

    /// Bᵀ of `n` rows of `k`, packed.
    ///
    /// # Safety
    ///
    /// B must hold `n` rows of `k`, and `room` k · n floats, n rounded up to whole panels.
    #[inline(always)]
    unsafe fn transposed<S: Simd>(Side(b, step): Side, [n, k]: [usize; 2], room: *mut f32) -> Self {
        let pack = PackB { transposed: true, b, step, factor: null(), k, n, to: room };
        unsafe { S::vectorize(pack) };
        Self { at: room, row_step: S::PANEL, panel_step: S::PANEL * k, padded: true }
    }
}

/// C `[m, n]` = A · B; A is as it lies, or transposed.
///
/// # Safety
///
/// Each side must hold what the sizes say.
#[inline(always)]
unsafe fn multiply<S: Simd>(
    [m, n, k]: [usize; 3],
    (a, transposed): (Side, bool),
    b: Panels,
    c: (*mut f32, usize),
) {
    let (row_step, depth_step) = if transposed { (1, a.1) } else { (a.1, 1) };
    let work = Block {
        m,
        n,
        k,
        a: a.0,
        row_step,
        depth_step,
        group_step: S::TILE_ROWS * row_step,
        b: b.at,
        b_step: b.row_step,
        panel_step: b.panel_step,
        padded: b.padded,
        c: c.0,
        c_step: c.1,
        from: null(),
        from_step: 0,
        derivative: null_mut(),
    };
    unsafe { S::vectorize(work) };
}

/// Asks for the queries, keys and values of a head: their rows are too short for the processor to see them coming.
///
/// # Safety
///
/// None of its own: see [`Simd::prefetch`].
#[inline(always)]
unsafe fn fetch_rows<S: Simd>(qkv: *const f32, head: &Head) {
    for row in 0..head.n {
        for part in 0..3 {
            let from = qkv.wrapping_add(row * head.stride + part * head.width);
            for c in (0..head.size).step_by(16) {
                unsafe { S::prefetch(from.wrapping_add(c)) };
            }
        }
    }
}

/// Floats of a packed matrix of the keys or values of a head.
fn packed_size<S: Simd>(head: &Head) -> usize {
    head.n.next_multiple_of(S::PANEL) * head.size
}

/// Heads `from` to `to`.
///
/// # Safety
///
/// The call must hold what [`Attention`] says, and the processor have the instructions of `S`.
#[inline(always)]
pub unsafe fn attention<S: Simd>(call: &Attention, from: usize, to: usize, own: &mut Workspace) {
    for item in from..to {
        let head = Head::new(call.n, call.heads, call.size, item);
        let (n, size, stride, width) = (head.n, head.size, head.stride, head.width);
        let room = own.packed.floats(packed_size::<S>(&head));
        unsafe {
            let q = call.qkv.add(head.packed);
            let (k, v) = (q.add(width), q.add(2 * width));
            let p = call.weights.add(head.weights);
            if item + 1 < to {
                let next = Head::new(call.n, call.heads, call.size, item + 1);
                fetch_rows::<S>(call.qkv.add(next.packed), &next);
            }
            let keys = Panels::transposed::<S>(Side(k, stride), [n, size], room);
            multiply::<S>([n, n, size], (Side(q, stride), false), keys, (p, n));
            softmax_rows::<S>(p, p, n, call.scale, 0, n);
            let out = call.out.add(head.plain);
            let values = Panels::lying::<S>(Side(v, stride));
            multiply::<S>([n, size, n], (Side(p, n), false), values, (out, width));
        }
    }
}

/// The gradients of heads `from` to `to`.
///
/// # Safety
///
/// The call must hold what [`AttentionGradient`] says, and the processor have the instructions of `S`.
#[inline(always)]
pub unsafe fn attention_gradient<S: Simd>(
    call: &AttentionGradient,
    from: usize,
    to: usize,
    own: &mut Workspace,
) {
    for item in from..to {
        let head = Head::new(call.n, call.heads, call.size, item);
        let (n, size, stride, width) = (head.n, head.size, head.stride, head.width);
        let room = own.packed.floats(packed_size::<S>(&head));
        let ds = own.scratch.floats(n * n);
        unsafe {
            let q = call.qkv.add(head.packed);
            let (k, v) = (q.add(width), q.add(2 * width));
            let dq = call.dqkv.add(head.packed);
            let (dk, dv) = (dq.add(width), dq.add(2 * width));
            let p = call.weights.add(head.weights);
            if item + 1 < to {
                let next = Head::new(call.n, call.heads, call.size, item + 1);
                fetch_rows::<S>(call.qkv.add(next.packed), &next);
            }
            let d = Side(call.d_out.add(head.plain), width);
            let queries = Panels::lying::<S>(Side(q, stride));
            let keys = Panels::lying::<S>(Side(k, stride));
            multiply::<S>([n, size, n], (Side(p, n), true), Panels::lying::<S>(d), (dv, stride));
            let values = Panels::transposed::<S>(Side(v, stride), [n, size], room);
            multiply::<S>([n, n, size], (d, false), values, (ds, n));
            softmax_gradient_rows::<S>(p, ds, ds, n, call.scale, 0, n);
            multiply::<S>([n, size, n], (Side(ds, n), false), keys, (dq, stride));
            multiply::<S>([n, size, n], (Side(ds, n), true), queries, (dk, stride));
        }
    }
}

#[cfg(test)]
mod tests;
