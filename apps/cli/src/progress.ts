import { styleFor } from './help.ts';

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
  /** Says a line of its own. */
  note(line: string): void;
  step(report: StepReport): void;
  /** Ends the rewriting line, if there is one. */
  close(): void;
};

type Stream = {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
};

const PLAIN_LINES = 20; // in a pipe: about this many lines in a whole run

/**
 * Makes the progress of a run.
 *
 * @param options.stream standard error, so that standard output holds only the result
 * @param options.total the last step
 * @param options.first the step the run starts after (0 unless resumed)
 * @param options.now milliseconds, for the time left
 * @returns the progress
 */
export function makeProgress({
  stream,
  total,
  first = 0,
  now = Date.now,
}: {
  readonly stream: Stream;
  readonly total: number;
  readonly first?: number;
  readonly now?: () => number;
}): Progress {
  const rewriting = stream.isTTY === true && !process.env.CI;
  const { heading } = styleFor(stream);
  const every = Math.max(1, Math.floor(total / PLAIN_LINES));
  const begin = now();
  let open = false;
  const close = (): void => {
    if (open) stream.write('\n');
    open = false;
  };
  return {
    close,
    note(line) {
      close();
      stream.write(`${line}\n`);
    },
    step(report) {
      const done = report.step - first;
      const left = ((now() - begin) / done) * (total - report.step);
      const line = stepLine(report, total, left);
      if (rewriting) {
        const room = Math.max(20, (stream.columns ?? 100) - 1);
        const head = line.indexOf('  ');
        stream.write(`\r\u001b[2K${heading(line.slice(0, head))}${line.slice(head, room)}`);
        open = true;
      } else if (report.step % every === 0 || done === 1 || report.step === total) {
        stream.write(`${line}\n`);
      }
    },
  };
}

function stepLine(report: StepReport, total: number, millisLeft: number): string {
  const { loss, contrastive, reconstruction, denoising, gradNorm } = report.metrics;
  const terms = Object.entries({ con: contrastive, rec: reconstruction, den: denoising })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${number(value)}`)
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
