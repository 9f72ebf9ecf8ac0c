//! What JavaScript can call.

use crate::engine::{Engine, Instructions};
use crate::generated::TABLE;
use crate::memory::{FIRST, Memory, Range};
use napi::bindgen_prelude::{Env, Result, Unknown};
use napi::{Error, sys};
use napi_derive::napi;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;

/// Where the numbers of a call are written, in bytes, and how many there may be.
const VALUES: usize = 1024;
const MOST_VALUES: usize = 64;
const MOST_THREADS: u32 = 1024;
/// More than any machine has, and less than there are addresses.
const MOST_BYTES: f64 = (1u64 << 46) as f64;

fn refusal(reason: impl Into<String>) -> Error {
    Error::from_reason(reason.into())
}

/// What the addon is.
#[napi(object)]
pub struct About {
    /// A digest of the table of kernels that it was made from.
    pub table: String,
    /// The instructions that this processor has, the best first.
    pub instructions: Vec<String>,
    /// Where the numbers of a call are written, in bytes, and how many there may be.
    pub values: u32,
    pub most_values: u32,
    /// The first byte that a kernel may be given.
    pub first: u32,
}

/// What the addon is, and what this processor has.
#[napi]
pub fn about() -> About {
    let names = Instructions::here().into_iter().map(|set| set.name().into());
    About {
        table: TABLE.into(),
        instructions: names.collect(),
        values: VALUES as u32,
        most_values: MOST_VALUES as u32,
        first: FIRST as u32,
    }
}

/// An engine: a memory, and threads that run kernels on it.
#[napi]
pub struct NativeEngine {
    engine: Engine,
}

#[napi]
impl NativeEngine {
    /// Starts one.
    #[napi(constructor)]
    pub fn new(threads: u32, instructions: String, limit: f64) -> Result<Self> {
        if !(1..=MOST_THREADS).contains(&threads) {
            let rule = format!("from 1 to {MOST_THREADS}, got {threads}");
            return Err(refusal(format!("NativeEngine: threads must be {rule}")));
        }
        if !(limit >= FIRST as f64 && limit <= MOST_BYTES) {
            let rule = format!("from {FIRST} to {MOST_BYTES}, got {limit}");
            return Err(refusal(format!("NativeEngine: limit must be {rule} bytes")));
        }
        let set = Instructions::named(&instructions)
            .filter(|set| Instructions::here().contains(set))
            .ok_or_else(|| {
                refusal(format!("NativeEngine: the processor must have {instructions}"))
            })?;
        let memory = Memory::reserve(limit as usize)
            .map_err(|why| refusal(format!("{:.0} GB of addresses: {why}", limit / 1e9)))?;
        Ok(Self { engine: Engine::start(memory, set, threads as usize) })
    }

    /// Threads, the caller's included.
    #[napi(getter)]
    pub fn threads(&self) -> u32 {
        self.engine.threads() as u32
    }

    /// Floats of a vector.
    #[napi(getter)]
    pub fn lanes(&self) -> u32 {
        self.engine.instructions.lanes() as u32
    }

    /// Runs a kernel on the first `count` of the numbers that were written.
    #[napi]
    pub fn run(&mut self, kernel: u32, count: u32, tasks: u32) -> Result<()> {
        let count = count as usize;
        if count > MOST_VALUES {
            return Err(refusal(format!("run: count must be at most {MOST_VALUES}, got {count}")));
        }
        let mut values = [0.0; MOST_VALUES];
        let from = self.engine.memory.base().wrapping_add(VALUES).cast::<f64>();
        // SAFETY: the memory always has this much, below the first place of a kernel.
        unsafe { from.copy_to_nonoverlapping(values.as_mut_ptr(), count) };
        self.engine.run(kernel, &values[..count], tasks as usize).map_err(refusal)
    }

    /// Makes the memory so long; whether it is now.
    #[napi]
    pub fn grow(&mut self, bytes: f64) -> bool {
        bytes >= 0.0 && self.engine.memory.grow(bytes as usize).is_ok()
    }

    /// Gives the pages of a range back to the system: what they held is lost.
    #[napi]
    pub fn discard(&self, at: f64, bytes: f64) {
        self.engine.memory.discard(at as usize, bytes as usize);
    }

    /// A part of the memory as an ArrayBuffer, also where it has yet to grow to. Each part once.
    #[napi]
    pub fn segment(&self, env: Env, at: f64, bytes: f64) -> Result<Unknown<'static>> {
        let memory = &self.engine.memory;
        if !(at >= 0.0 && bytes > 0.0 && at + bytes <= memory.limit() as f64) {
            return Err(refusal("segment: a part must lie inside the memory"));
        }
        let data = memory.base().wrapping_add(at as usize);
        // The addresses stay ours as long as the buffer lives, longer than the engine perhaps.
        let range = Arc::into_raw(memory.range()).cast_mut();
        let mut buffer = null_mut();
        // SAFETY: `data` has `bytes` bytes behind it until `let_go` drops the range.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env.raw(),
                data.cast(),
                bytes as usize,
                Some(let_go),
                range.cast(),
                &mut buffer,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else has this count of the range.
            drop(unsafe { Arc::from_raw(range) });
            return Err(refusal("this JavaScript has no buffers over memory of others"));
        }
        // SAFETY: the value was made for this environment.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), buffer) })
    }

    /// Ends the threads and gives the memory back.
    #[napi]
    pub fn stop(&mut self) {
        self.engine.stop();
    }
}

/// The end of a buffer.
///
/// # Safety
///
/// `range` comes from `Arc::into_raw` and is given once.
unsafe extern "C" fn let_go(_: sys::napi_env, _: *mut c_void, range: *mut c_void) {
    drop(unsafe { Arc::from_raw(range.cast::<Range>()) });
}
