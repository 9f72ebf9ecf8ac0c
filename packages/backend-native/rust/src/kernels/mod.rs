//! The kernels: loops over floats in memory, each generic over the vector it is computed with.
//!
//! # Safety
//!
//! Every kernel reads and writes what its `# Safety` line states, and nothing else, and needs the
//! instructions of its `S`. Addresses of 4-byte numbers are multiples of 4. A place that is written may not
//! overlap another argument, unless a kernel says so.

pub mod batch_norm;
pub mod elementwise;
pub mod loss;
pub mod movement;
pub mod optimizer;
pub mod peak;
pub mod random;
pub mod reduce;
pub mod rows;
#[cfg(test)]
pub(crate) mod testing;
