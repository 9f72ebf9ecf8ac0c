/** Where lines go: standard error, so that standard output holds only the result. */
export type Stream = {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
};

/** One line of a terminal that is written again and again. */
export type LiveLine = {
  /** Whether there is a terminal; else nothing is shown, only printed. */
  readonly rewriting: boolean;
  /** Shows a line, cut to the terminal's width, in place of the one before. */
  show(line: string, style?: (cut: string) => string): void;
  /** Takes the line away. */
  erase(): void;
  /** Keeps the line and moves below it. */
  keep(): void;
  /** Writes a line that stays. */
  print(line: string): void;
};

const ERASE = '\r\u001b[2K';

/**
 * Makes the one line that all progress is shown on.
 *
 * @param stream where it is written
 * @returns the line; nothing is written yet
 */
export function liveLine(stream: Stream): LiveLine {
  const rewriting = stream.isTTY === true && !process.env.CI;
  let open = false;
  const end = (text: string): void => {
    if (open) stream.write(text);
    open = false;
  };
  return {
    rewriting,
    show(line, style = (cut) => cut) {
      if (!rewriting) return;
      stream.write(ERASE + style(line.slice(0, Math.max(20, (stream.columns ?? 100) - 1))));
      open = true;
    },
    erase: () => end(ERASE),
    keep: () => end('\n'),
    print(line) {
      stream.write(`${line}\n`);
    },
  };
}
