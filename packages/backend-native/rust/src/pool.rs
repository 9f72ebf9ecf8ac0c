//! Threads that take the pieces of a job one after another, the caller too. Idle ones spin for a moment, then sleep.
//!
//! A thread that is not scheduled holds up nothing but a piece that it has begun: the others take the rest.

use crate::space::Workspace;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

type Work<'a> = dyn Fn(usize, &mut Workspace) + Sync + 'a;

/// About as long as it takes to wake a thread.
const SPIN: Duration = Duration::from_micros(50);
/// Pieces that a job has at most.
const MOST_PIECES: usize = 0xffff;

/// One word says all that a thread must know to take a piece, so that none takes a piece of another job than
/// it saw: the job's number, its pieces, the next piece.
const fn state(job: u32, pieces: usize, next: usize) -> u64 {
    ((job as u64) << 32) | ((pieces as u64) << 16) | next as u64
}
const fn job_of(state: u64) -> u32 {
    (state >> 32) as u32
}
const fn pieces_of(state: u64) -> usize {
    (state >> 16) as usize & MOST_PIECES
}
const fn next_of(state: u64) -> usize {
    state as usize & MOST_PIECES
}

struct Common {
    state: AtomicU64,
    done: AtomicUsize,
    /// Written while no piece is out; read by who has taken a piece.
    work: UnsafeCell<Option<*const Work<'static>>>,
    caller: UnsafeCell<Option<Thread>>,
    caller_sleeps: AtomicBool,
    panicked: AtomicBool,
    stops: AtomicBool,
}

// SAFETY: the cells are written by the caller of `run` alone, before the state says that there are pieces, and
// read by threads that have taken a piece, while `run` waits for it.
unsafe impl Sync for Common {}
// SAFETY: as above; what they hold is a pointer to something `Sync` and a handle of a thread.
unsafe impl Send for Common {}

struct Helper {
    thread: Thread,
    sleeps: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

/// A number of threads, the caller's included.
pub struct Pool {
    common: Arc<Common>,
    helpers: Vec<Helper>,
    own: UnsafeCell<Workspace>,
    running: AtomicBool,
}

// SAFETY: `own` is used by `run` alone, which one thread runs at a time: it looks at `running`.
unsafe impl Sync for Pool {}

impl Pool {
    /// Starts the threads; fewer where the system has no more.
    pub fn start(threads: usize) -> Self {
        let common = Arc::new(Common {
            state: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            work: UnsafeCell::new(None),
            caller: UnsafeCell::new(None),
            caller_sleeps: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            stops: AtomicBool::new(false),
        });
        let helpers = (1..threads).map_while(|i| start_helper(i, &common).ok()).collect();
        Self { common, helpers, own: UnsafeCell::default(), running: AtomicBool::new(false) }
    }

    /// How many there are, the caller included.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Does `work` for each number below `pieces`, and returns when all are done.
    ///
    /// # Panics
    ///
    /// If a piece does, or if it is called again before it returns.
    pub fn run(&self, pieces: usize, work: &Work) {
        assert!(!self.running.swap(true, SeqCst), "a pool does one job at a time");
        // SAFETY: nobody else runs.
        let own = unsafe { &mut *self.own.get() };
        let mut from = 0;
        let result = catch_unwind(AssertUnwindSafe(|| {
            while from < pieces {
                let count = (pieces - from).min(MOST_PIECES);
                let first = from;
                if count == 1 || self.helpers.is_empty() {
                    (first..first + count).for_each(|piece| work(piece, own));
                } else {
                    self.share(count, own, &|piece, own| work(first + piece, own));
                }
                from += count;
            }
        }));
        self.running.store(false, SeqCst);
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    }

    fn share(&self, pieces: usize, own: &mut Workspace, work: &Work) {
        let common = &*self.common;
        // SAFETY: the lifetime is forgotten, but this function waits for every piece, so nobody uses it later.
        let forever: *const Work<'static> =
            unsafe { std::mem::transmute(std::ptr::from_ref(work)) };
        // SAFETY: all pieces of the last job are done, so nobody reads them.
        unsafe {
            *common.work.get() = Some(forever);
            *common.caller.get() = Some(thread::current());
        }
        common.done.store(0, SeqCst);
        let job = job_of(common.state.load(SeqCst)).wrapping_add(1);
        common.state.store(state(job, pieces, 0), SeqCst);
        for helper in self.helpers.iter().take(pieces - 1) {
            if helper.sleeps.load(SeqCst) {
                helper.thread.unpark();
            }
        }
        take_pieces(common, job, own);
        let until = Instant::now() + SPIN;
        while common.done.load(SeqCst) < pieces {
            if Instant::now() < until {
                std::hint::spin_loop();
                continue;
            }
            common.caller_sleeps.store(true, SeqCst);
            if common.done.load(SeqCst) < pieces {
                thread::park();
            }
            common.caller_sleeps.store(false, SeqCst);
        }
        assert!(!common.panicked.swap(false, SeqCst), "a piece of a job panicked");
    }
}

impl Drop for Pool {
    /// Ends the threads.
    fn drop(&mut self) {
        self.common.stops.store(true, SeqCst);
        for helper in self.helpers.drain(..) {
            helper.thread.unpark();
            let _ = helper.handle.join();
        }
    }
}

fn start_helper(number: usize, common: &Arc<Common>) -> std::io::Result<Helper> {
    let sleeps = Arc::new(AtomicBool::new(false));
    let (common, asleep) = (Arc::clone(common), Arc::clone(&sleeps));
    let handle = thread::Builder::new()
        .name(format!("twocan-{number}"))
        .spawn(move || help(&common, &asleep))?;
    Ok(Helper { thread: handle.thread().clone(), sleeps, handle })
}

/// What a helper does all its life.
fn help(common: &Common, sleeps: &AtomicBool) {
    let mut own = Workspace::default();
    let mut seen = 0;
    loop {
        let until = Instant::now() + SPIN;
        while job_of(common.state.load(SeqCst)) == seen && !common.stops.load(SeqCst) {
            if Instant::now() < until {
                std::hint::spin_loop();
                continue;
            }
            sleeps.store(true, SeqCst);
            // The caller looks whether this thread sleeps after it has written the state, so one of the two sees the other.
            if job_of(common.state.load(SeqCst)) == seen && !common.stops.load(SeqCst) {
                thread::park();
            }
            sleeps.store(false, SeqCst);
        }
        if common.stops.load(SeqCst) {
            return;
        }
        seen = job_of(common.state.load(SeqCst));
        take_pieces(common, seen, &mut own);
    }
}

/// Does pieces of a job until there is none left.
fn take_pieces(common: &Common, job: u32, own: &mut Workspace) {
    loop {
        let now = common.state.load(SeqCst);
        let (pieces, piece) = (pieces_of(now), next_of(now));
        if job_of(now) != job || piece >= pieces {
            return;
        }
        let taken = common.state.compare_exchange(now, now + 1, SeqCst, SeqCst).is_ok();
        if !taken {
            continue;
        }
        // SAFETY: this piece is of the job whose work was written before the state, and `share` waits for it.
        let work = unsafe { (*common.work.get()).map(|work| &*work) };
        let done = catch_unwind(AssertUnwindSafe(|| {
            if let Some(work) = work {
                work(piece, own);
            }
        }));
        if done.is_err() {
            common.panicked.store(true, SeqCst);
        }
        // SAFETY: as above; read before the piece counts as done.
        let caller = unsafe { (*common.caller.get()).clone() };
        if common.done.fetch_add(1, SeqCst) + 1 == pieces
            && common.caller_sleeps.load(SeqCst)
            && let Some(caller) = caller
        {
            caller.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_every_piece_once() {
        for threads in [1, 2, 3, 8] {
            let pool = Pool::start(threads);
            for pieces in [0, 1, 2, 5, 64, 70_000] {
                let counts: Vec<AtomicUsize> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
                pool.run(pieces, &|piece, _| {
                    counts[piece].fetch_add(1, SeqCst);
                });
                assert!(counts.iter().all(|count| count.load(SeqCst) == 1));
            }
        }
    }

    #[test]
    fn many_jobs_follow_each_other() {
        let pool = Pool::start(4);
        let sum = AtomicUsize::new(0);
        for job in 0..20_000 {
            pool.run(1 + job % 7, &|piece, _| {
                sum.fetch_add(piece, SeqCst);
            });
            if job % 5000 == 0 {
                thread::sleep(Duration::from_millis(2)); // the helpers fall asleep
            }
        }
        let expected: usize = (0..20_000).map(|job| (0..1 + job % 7).sum::<usize>()).sum();
        assert_eq!(sum.load(SeqCst), expected);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let pool = Pool::start(3);
        let result = catch_unwind(AssertUnwindSafe(|| {
            pool.run(9, &|piece, _| assert!(piece != 4, "on purpose"));
        }));
        assert!(result.is_err());
        let sum = AtomicUsize::new(0);
        pool.run(9, &|piece, _| {
            sum.fetch_add(piece, SeqCst);
        });
        assert_eq!(sum.load(SeqCst), 36);
    }
}
