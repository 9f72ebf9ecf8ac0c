//! Runs the kernels of the table: checks a call, then gives its tasks to the threads.

use crate::attention::{attention, attention_gradient};
use crate::gemm::{self, Alone, Product, WORTH_THREADS, scratch_size};
use crate::generated::{Call, GemmBatch, decode};
use crate::kernels::{
    batch_norm, elementwise, loss, movement, optimizer, peak, random, reduce, rows,
};
use crate::memory::Memory;
use crate::pool::Pool;
use crate::simd::{Plain, Simd, Work};
use crate::space::Workspace;
use std::ptr::{null, null_mut};

#[cfg(test)]
mod tests;

/// A set of instructions that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    Avx512,
    Avx2,
    Neon,
    Plain,
}

const ALL: [Instructions; 4] =
    [Instructions::Avx512, Instructions::Avx2, Instructions::Neon, Instructions::Plain];

impl Instructions {
    /// Those that this processor has, the best first.
    pub fn here() -> Vec<Self> {
        ALL.into_iter().filter(|set| set.is_here()).collect()
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|set| set.name() == name)
    }

    /// Its name, as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Plain => "plain",
        }
    }

    fn is_here(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("fma")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Neon => cfg!(target_arch = "aarch64"),
            Self::Plain => true,
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Floats of a vector.
    pub fn lanes(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => crate::simd::Avx512::LANES,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => crate::simd::Avx2::LANES,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => crate::simd::Neon::LANES,
            _ => Plain::LANES,
        }
    }

    /// Does a piece of work with these instructions.
    ///
    /// # Safety
    ///
    /// The processor must have them, and the work's own pointers must be good.
    unsafe fn run<W: Work>(self, work: W) {
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => crate::simd::Avx512::vectorize(work),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => crate::simd::Avx2::vectorize(work),
                #[cfg(target_arch = "aarch64")]
                Self::Neon => crate::simd::Neon::vectorize(work),
                _ => Plain::vectorize(work),
            }
        }
    }
}

/// A memory, and threads that run kernels on it.
pub struct Engine {
    pub memory: Memory,
    pub instructions: Instructions,
    pool: Option<Pool>,
    shared: Workspace,
}

impl Engine {
    /// Starts the threads.
    pub fn start(memory: Memory, instructions: Instructions, threads: usize) -> Self {
        assert!(instructions.is_here(), "the processor has these instructions");
        Self {
            memory,
            instructions,
            pool: Some(Pool::start(threads)),
            shared: Workspace::default(),
        }
    }

    /// Threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, Pool::threads)
    }

    /// Ends the threads and gives the memory back; nothing runs from then on.
    pub fn stop(&mut self) {
        self.pool = None;
        self.shared = Workspace::default();
        self.memory.discard(0, self.memory.size());
    }

    /// Runs a kernel.
    ///
    /// # Errors
    ///
    /// A call that is not one of the table's, and any after `stop`.
    pub fn run(&mut self, kernel: u32, values: &[f64], tasks: usize) -> Result<(), String> {
        let call = decode(kernel, values, tasks, &self.memory)?;
        let instructions = self.instructions;
        let Some(pool) = &self.pool else {
            return Err("run: the backend must not have been disposed; start it again".into());
        };
        if let Call::Product(product) = &call {
            let shared = &mut self.shared;
            // SAFETY: `decode` has looked at every place; the instructions are here.
            unsafe { instructions.run(WholeProduct { product, pool, shared }) };
            return Ok(());
        }
        let call = SharedCall(call);
        pool.run(tasks, &|task, own| {
            // SAFETY: as above; tasks write places of their own.
            unsafe { instructions.run(Task { call: call.get(), task, own }) };
        });
        Ok(())
    }
}

struct WholeProduct<'a> {
    product: &'a Product,
    pool: &'a Pool,
    shared: &'a mut Workspace,
}

impl Work for WholeProduct<'_> {
    #[inline(always)]
    unsafe fn with<S: Simd>(self) {
        let Self { product, pool, shared } = self;
        let Workspace { scratch, packed } = shared;
        unsafe {
            if product.m * product.n * product.k < WORTH_THREADS {
                let alone = Alone(scratch.floats(scratch_size()));
                product.run::<S>(&alone, packed);
            } else {
                product.run::<S>(pool, packed);
            }
        }
    }
}

/// A call that threads share; each does tasks of its own.
struct SharedCall(Call);
// SAFETY: places of memory, read and written as the kernel says, by no two tasks the same.
unsafe impl Sync for SharedCall {}

impl SharedCall {
    fn get(&self) -> &Call {
        &self.0
    }
}

struct Task<'a> {
    call: &'a Call,
    task: usize,
    own: &'a mut Workspace,
}

impl Work for Task<'_> {
    #[inline(always)]
    unsafe fn with<S: Simd>(self) {
        let Self { call, task, own } = self;
        let (from, to) = call.items_of(task);
        if from >= to {
            return;
        }
        unsafe {
            match call {
                Call::Product(_) => {}
                Call::GemmBatch(a) => batch::<S>(a, from, to, own),
                Call::Unary(a) => {
                    elementwise::unary_kernel::<S>(a.code, a.x, a.y, a.p, a.q, from, to)
                }
                Call::Binary(a) => elementwise::binary_kernel::<S>(
                    a.code,
                    a.a,
                    a.step_a.into(),
                    a.b,
                    a.step_b.into(),
                    a.y,
                    from,
                    to,
                ),
                Call::BinaryRows(a) => elementwise::binary_rows::<S>(
                    a.code,
                    a.a,
                    a.a0,
                    a.a1,
                    a.step_a.into(),
                    a.b,
                    a.b0,
                    a.b1,
                    a.step_b.into(),
                    a.y,
                    a.d1,
                    a.n,
                    from,
                    to,
                ),
                Call::ReduceRows(a) => {
                    reduce::reduce_rows::<S>(a.code, a.x, a.y, a.reduced, a.scale, from, to)
                }
                Call::ReduceColumns(a) => reduce::reduce_columns::<S>(
                    a.code, a.x, a.y, a.reduced, a.inner, a.scale, from, to,
                ),
                Call::ReduceParts(a) => {
                    reduce::reduce_parts::<S>(a.code, a.x, a.partial, a.inner, task, from, to)
                }
                Call::Softmax(a) => rows::softmax_rows::<S>(a.x, a.y, a.n, a.scale, from, to),
                Call::LayerNorm(a) => rows::layer_norm_rows::<S>(
                    a.x, a.scale, a.bias, a.y, a.kept, a.n, a.epsilon, from, to,
                ),
                Call::LayerNormGradient(a) => rows::layer_norm_gradient_rows::<S>(
                    a.x,
                    a.scale,
                    a.dy,
                    a.dx,
                    a.kept,
                    a.d_scale.add(task * a.n),
                    a.d_bias.add(task * a.n),
                    a.n,
                    from,
                    to,
                ),
                Call::CopyBlock(a) => movement::copy_block(
                    a.x, a.x0, a.x1, a.x2, a.x3, a.y, a.y0, a.y1, a.y2, a.y3, a.d1, a.d2, a.d3,
                    a.run, from, to,
                ),
                Call::Transpose(a) => {
                    movement::transpose_rows(a.x, a.y, a.items, a.columns, from, to)
                }
                Call::GatherRows(a) => {
                    movement::gather_rows(a.x, a.index, a.y, a.n, a.count, a.other, from, to)
                }
                Call::ScatterAddRows(a) => {
                    movement::scatter_add_rows::<S>(a.x, a.index, a.y, a.rows, a.n, a.count)
                }
                Call::Attention(a) => attention::<S>(a, from, to, own),
                Call::AttentionGradient(a) => attention_gradient::<S>(a, from, to, own),
                Call::Adamw(a) => optimizer::adamw_range::<S>(
                    a.p,
                    a.g,
                    a.m,
                    a.v,
                    a.p_next,
                    a.m_next,
                    a.v_next,
                    a.b1,
                    a.b2,
                    a.o1,
                    a.o2,
                    a.rate,
                    a.correction,
                    a.epsilon,
                    a.keep,
                    from,
                    to,
                ),
                Call::SumOfSquares(a) => {
                    a.sums.add(task).write(reduce::sum_of_squares::<S>(a.x.add(from), to - from));
                }
                Call::Select(a) => elementwise::select_kernel(a.c, a.a, a.b, a.y, from, to),
                Call::CrossEntropy(a) => loss::cross_entropy_rows::<S>(
                    a.x,
                    a.target,
                    a.losses,
                    a.difference,
                    a.n,
                    from,
                    to,
                ),
                Call::SquaredError(a) => loss::squared_error_rows::<S>(
                    a.prediction,
                    a.target,
                    a.weights,
                    a.losses,
                    a.gradient,
                    a.n,
                    from,
                    to,
                ),
                Call::UnitRows(a) => {
                    loss::unit_rows::<S>(a.x, a.y, a.inverse, a.n, a.epsilon, from, to)
                }
                Call::UnitRowsGradient(a) => {
                    loss::unit_gradient_rows::<S>(a.y, a.inverse, a.dy, a.dx, a.n, from, to)
                }
                Call::Gelu(a) => elementwise::gelu_in_place::<S>(a.z, a.derivative, from, to),
                Call::BatchNorm(a) => batch_norm::batch_norm_columns::<S>(
                    a.x, a.scale, a.bias, a.y, a.kept, a.rows, a.items, a.epsilon, from, to,
                ),
                Call::BatchNormGradient(a) => batch_norm::batch_norm_gradient_columns::<S>(
                    a.x, a.scale, a.dy, a.dx, a.kept, a.d_scale, a.d_bias, a.rows, a.items, from,
                    to,
                ),
                Call::NormalRows(a) => random::normal_rows(a.table, a.y, a.n, from, to),
                Call::Fill(a) => movement::fill_words(a.word, a.y.cast(), from, to),
                Call::MultiplyAdds(a) => peak::multiply_adds::<S>(a.rounds, a.to.add(task)),
            }
        }
    }
}

/// Products `from` to `to` of a batch.
///
/// # Safety
///
/// As the call says.
#[inline(always)]
unsafe fn batch<S: Simd>(a: &GemmBatch, from: usize, to: usize, own: &mut Workspace) {
    let Workspace { scratch, packed } = own;
    let alone = Alone(scratch.floats(gemm::scratch_size()));
    for i in from..to {
        let product = Product {
            transpose_a: a.transpose_a,
            transpose_b: a.transpose_b,
            m: a.m,
            n: a.n,
            k: a.k,
            a: a.a.wrapping_add(i * a.step_a),
            lda: a.lda,
            b: a.b.wrapping_add(i * a.step_b),
            ldb: a.ldb,
            c: a.c.wrapping_add(i * a.step_c),
            ldc: a.n,
            bias: null(),
            derivative: null_mut(),
            factor_a: null(),
            factor_b: null(),
            sums: null_mut(),
        };
        unsafe { product.run::<S>(&alone, packed) };
    }
}
