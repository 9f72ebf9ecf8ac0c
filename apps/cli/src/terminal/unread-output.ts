import { EXIT } from './failure.ts';

/** A reader that went away: of a pipe, of a terminal. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/**
 * Lets work go on when nobody reads standard output or standard error any more: `| head` has seen
 * enough, a terminal was closed. A result that could not be written for another reason, such as a
 * full disk, ends with a message and exit code 1, after the work.
 */
export function keepGoingUnread(): void {
  process.stderr.on('error', () => undefined);
  let failed = false;
  process.stdout.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
    if (failed || GONE.has(code)) return;
    failed = true;
    process.once('exit', () => {
      console.error(`twocan: standard output could not be written: ${message}`);
      process.exitCode ||= EXIT.failure;
    });
  });
}
