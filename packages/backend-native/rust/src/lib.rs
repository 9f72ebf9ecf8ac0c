//! The kernels of `@twocan/backend-native`, and the doors through which JavaScript calls them.

pub mod attention;
#[cfg(not(test))]
mod doors;
pub mod engine;
pub mod gemm;
#[allow(clippy::all)]
pub mod generated;
pub mod kernels;
pub mod math;
pub mod memory;
pub mod pool;
pub mod simd;
pub mod space;
