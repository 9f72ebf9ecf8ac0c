import { termNames } from '@twocan/can';
import { liveLine, type Stream } from './live-line.ts';
import { messageStream } from './messages.ts';
import { styleFor } from './style.ts';

/** What one finished step has to say. */
export type StepReport = {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  readonly tensors: number;
  readonly rssMegabytes: number;
};

/** Where progress goes: one rewriting line on a terminal, plain lines in a pipe. */
export type Progress = {
  /** Prints a line of its own. */
  note(line: string): void;
  step(report: StepReport): void;
  /** Ends the rewriting line, if there is one. */
  close(): void;
};

/** Counts what is done of a piece of work. */
export type Counter = {
  /** Called often: shows what is due, and takes the line away when all of a known total is done. */
  count(done: number, total?: number): void;
  /** Takes the line away. */
  end(): void;
  /** Prints a line of its own. */
  note(line: string): void;
};

const QUIET = 2000; // milliseconds: shorter work prints no progress
const TERMINAL_EVERY = 100; // milliseconds from one line to the next
const PIPE_EVERY = 10_000;
const PLAIN_LINES = 20; // in a pipe: about this many lines in a whole run

/**
 * Makes the progress of anything that may take more than two seconds: a line that rewrites itself on a
 * terminal, in a pipe a plain one every ten seconds.
 *
 * @param what what is counted, such as `reading images`
 * @param options.stream where messages go unless given
 * @param options.now milliseconds on a clock that never goes back
 * @returns the counter
 * @example
 * const { count } = progressOf('reading images');
 * for (let i = 0; i < names.length; i++) count(i + 1, names.length);
 */
export function progressOf(
  what: string,
  {
    stream = messageStream(),
    now = () => performance.now(),
  }: { readonly stream?: Stream; readonly now?: () => number } = {},
): Counter {
  const line = liveLine(stream);
  const begin = now();
  let due = begin + QUIET;
  return {
    count(done, total) {
      if (total !== undefined && done >= total) return line.erase();
      const time = now();
      if (time < due) return;
      due = time + (line.rewriting ? TERMINAL_EVERY : PIPE_EVERY);
      const text = `${what} ${shareDone(done, total, time - begin)}`;
      if (line.rewriting) line.show(text);
      else line.print(text);
    },
    end: line.erase,
    note(text) {
      line.erase();
      line.print(text);
    },
  };
}

function shareDone(done: number, total: number | undefined, millis: number): string {
  if (total === undefined) return `${done} so far`;
  if (done === 0) return `0/${total}`;
  return `${done}/${total}, ${duration((millis / done) * (total - done))} left`;
}

/**
 * Makes the progress of a run.
 *
 * @param options.stream standard error, so that standard output holds only the result
 * @param options.total the last step
 * @param options.first the step the run starts after (0 unless resumed)
 * @param options.now milliseconds of a clock that nobody sets, for the time left
 * @returns the progress
 */
export function makeProgress({
  stream,
  total,
  first = 0,
  now = () => performance.now(),
}: {
  readonly stream: Stream;
  readonly total: number;
  readonly first?: number;
  readonly now?: () => number;
}): Progress {
  const line = liveLine(stream);
  const { heading } = styleFor(stream);
  const every = Math.max(1, Math.floor(total / PLAIN_LINES));
  const begin = now();
  return {
    close: line.keep,
    note(text) {
      line.keep();
      line.print(text);
    },
    step(report) {
      const done = report.step - first;
      const left = (Math.max(0, now() - begin) / Math.max(1, done)) * (total - report.step);
      const text = stepLine(report, total, left);
      const head = text.indexOf('  ');
      if (line.rewriting) {
        line.show(text, (cut) => heading(cut.slice(0, head)) + cut.slice(head));
      } else if (report.step % every === 0 || done === 1 || report.step === total) {
        line.print(text);
      }
    },
  };
}

function stepLine(report: StepReport, total: number, millisLeft: number): string {
  const { loss, gradNorm } = report.metrics;
  const terms = termNames
    .filter((name) => report.metrics[name] !== undefined)
    .map((name) => `${name.slice(0, 3)} ${number(report.metrics[name])}`)
    .join(' ');
  return [
    `step ${String(report.step).padStart(String(total).length)}/${total}`,
    // What a narrow terminal must not cut off comes first.
    `${Math.round(report.imagesPerSecond)} images/s`,
    `${duration(millisLeft)} left`,
    `loss ${number(loss)}${terms ? ` (${terms})` : ''}`,
    `lr ${report.learningRate.toExponential(1)}`,
    ...(gradNorm === undefined ? [] : [`grad ${gradNorm.toFixed(2)}`]),
    `${report.tensors} tensors`,
    `${Math.round(report.rssMegabytes)} MB`,
  ].join('  ');
}

const number = (value: number | undefined): string =>
  value === undefined ? '-' : value.toFixed(4);

/**
 * A duration for people.
 *
 * @param millis milliseconds
 * @returns such as `42s`, `3m05s`, `2h10m`
 */
export function duration(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) return `${seconds}s`;
  const two = (n: number): string => String(n).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}
