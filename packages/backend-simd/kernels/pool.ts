// A pool of threads on one memory. Tasks are tickets: a thread that is free takes the next one, the caller too.
// Idle workers spin for a moment and then sleep in a futex.

import { MOST_SPINS } from './product';
import { runTask } from './tasks';

// The control block; each word that threads write has a cache line of its own.
const GENERATION: usize = 0;
const NEXT: usize = 64;
const COMPLETED: usize = 128;
const ACTIVE: usize = 192;
const COUNT: usize = 256;
const SLEEPING: usize = 320;
const KERNEL: usize = 384;
const WORDS: usize = 448;

const CLOSED: i32 = 0x40000000; // no ticket is below it

/** Where the words of a kernel go. */
export function wordsOf(control: usize): usize {
  return control + WORDS;
}

function work(control: usize, scratch: usize): void {
  for (;;) {
    const ticket = atomic.add<i32>(control + NEXT, 1);
    if (ticket >= atomic.load<i32>(control + COUNT)) return;
    runTask(load<u32>(control + KERNEL), control + WORDS, <usize>ticket, scratch);
    const before = atomic.add<i32>(control + COMPLETED, 1);
    if (before + 1 == atomic.load<i32>(control + COUNT)) atomic.notify(control + COMPLETED, 1);
  }
}

/** What a worker does all its life; a negative generation ends it. */
export function workerLoop(control: usize, scratch: usize, spins: i32): void {
  let seen: i32 = 0;
  for (;;) {
    let left = spins;
    while (left > 0 && atomic.load<i32>(control + GENERATION) == seen) --left;
    if (atomic.load<i32>(control + GENERATION) == seen) {
      atomic.add<i32>(control + SLEEPING, 1);
      while (atomic.load<i32>(control + GENERATION) == seen) {
        atomic.wait<i32>(control + GENERATION, seen, -1);
      }
      atomic.sub<i32>(control + SLEEPING, 1);
    }
    seen = atomic.load<i32>(control + GENERATION);
    if (seen < 0) return;
    atomic.add<i32>(control + ACTIVE, 1);
    work(control, scratch);
    atomic.sub<i32>(control + ACTIVE, 1);
  }
}

/** Closes the counter and waits until no worker reads the words; then they may be written. */
export function open(control: usize, kernel: u32): void {
  atomic.store<i32>(control + NEXT, CLOSED);
  for (let left = MOST_SPINS; atomic.load<i32>(control + ACTIVE) != 0; --left) {
    if (left == 0) unreachable();
  }
  store<u32>(control + KERNEL, kernel);
}

/**
 * Runs tasks with up to `helpers` workers, taking part itself.
 *
 * @returns whether all are done; if not, call `finished` again
 */
export function run(control: usize, tasks: i32, helpers: i32, scratch: usize, spins: i32): bool {
  atomic.store<i32>(control + COMPLETED, 0);
  atomic.store<i32>(control + COUNT, tasks);
  atomic.store<i32>(control + NEXT, 0);
  if (helpers > 0) {
    // Wraps to 0, never below: negative ends the workers.
    const next = (atomic.load<i32>(control + GENERATION) + 1) & 0x7fffffff;
    atomic.store<i32>(control + GENERATION, next);
    if (atomic.load<i32>(control + SLEEPING) > 0) atomic.notify(control + GENERATION, helpers);
  }
  work(control, scratch);
  return finished(control, tasks, spins);
}

/** Spins until the tasks are done, at most so long. */
export function finished(control: usize, tasks: i32, spins: i32): bool {
  for (let left = spins; left > 0; --left) {
    if (atomic.load<i32>(control + COMPLETED) >= tasks) return true;
  }
  return false;
}

/** Sleeps until the tasks are done, or some milliseconds have passed. Not on a browser's main thread. */
export function sleep(control: usize, tasks: i32, milliseconds: i64): bool {
  const done = atomic.load<i32>(control + COMPLETED);
  if (done >= tasks) return true;
  atomic.wait<i32>(control + COMPLETED, done, milliseconds * 1000000);
  return atomic.load<i32>(control + COMPLETED) >= tasks;
}

/** Ends all workers. */
export function end(control: usize): void {
  atomic.store<i32>(control + GENERATION, -1);
  atomic.notify(control + GENERATION, -1);
}
