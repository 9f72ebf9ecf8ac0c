// The pool: one control block in shared memory, one copy of this module per thread.
//
// The main thread writes a job (kernel number, arguments), opens a ticket counter and takes tickets
// itself; workers that are awake take tickets too. Nobody waits for a worker that woke late. Idle
// workers poll for a while, then sleep in `memory.atomic.wait32`. Each word stands on its own line of
// the cache.
import { run } from './table';

const JOB: usize = 0;
const TICKET: usize = 64;
const DONE: usize = 128;
const BUSY: usize = 192;
const TICKETS: usize = 256;
const ASLEEP: usize = 320;
/** A ticket counter that hands out nothing. */
const CLOSED: i32 = 0x40000000;

let control: usize = 0;
let scratch: usize = 0;

/** Says where the control block and this thread's scratch stand. */
export function attach(controlBlock: usize, scratchBlock: usize): void {
  control = controlBlock;
  scratch = scratchBlock;
}

function takeTickets(): void {
  for (;;) {
    const ticket = atomic.add<i32>(control + TICKET, 1);
    if (ticket >= atomic.load<i32>(control + TICKETS)) return;
    run(control + 384, <usize>ticket, scratch);
    atomic.add<i32>(control + DONE, 1);
  }
}

/** A worker's life: until the job number becomes negative. */
export function serve(spins: i32): void {
  let seen: i32 = 0;
  for (;;) {
    let left = spins;
    while (left > 0 && atomic.load<i32>(control + JOB) == seen) --left;
    if (atomic.load<i32>(control + JOB) == seen) {
      atomic.add<i32>(control + ASLEEP, 1);
      while (atomic.load<i32>(control + JOB) == seen) atomic.wait<i32>(control + JOB, seen, -1);
      atomic.sub<i32>(control + ASLEEP, 1);
    }
    seen = atomic.load<i32>(control + JOB);
    if (seen < 0) return;
    atomic.add<i32>(control + BUSY, 1);
    takeTickets();
    atomic.sub<i32>(control + BUSY, 1);
  }
}

/** Closes the last job, so that a new one may be written; false if a worker does not let go of it. */
export function close(spins: i32): i32 {
  atomic.store<i32>(control + TICKET, CLOSED);
  for (; spins > 0; --spins) if (atomic.load<i32>(control + BUSY) == 0) return 1;
  return 0;
}

/** Opens the job, wakes up to `wake` workers and works until no ticket is left. */
export function open(tickets: i32, wake: i32): void {
  atomic.store<i32>(control + DONE, 0);
  atomic.store<i32>(control + TICKETS, tickets);
  atomic.store<i32>(control + TICKET, 0);
  if (wake > 0) {
    // Only this thread writes it; it must never turn negative.
    atomic.store<i32>(control + JOB, (atomic.load<i32>(control + JOB) + 1) & 0x7fffffff);
    if (atomic.load<i32>(control + ASLEEP) > 0) atomic.notify(control + JOB, wake);
  }
  takeTickets();
}

/** Waits until all tickets are done; false if they are not after so many looks. */
export function join(spins: i32): i32 {
  const tickets = atomic.load<i32>(control + TICKETS);
  for (; spins > 0; --spins) if (atomic.load<i32>(control + DONE) >= tickets) return 1;
  return 0;
}

/** Ends the workers. */
export function retire(): void {
  atomic.store<i32>(control + JOB, -1);
  atomic.notify(control + JOB, 1 << 30);
}
