/** What the process returns: the shell's contract of every command. */
export const EXIT = { done: 0, failure: 1, usage: 2, nonFinite: 3, interrupted: 130 } as const;

/** An error whose message is meant for the user as it stands, with the exit code it stands for. */
export type Failure = Error & { readonly exitCode: number };

/**
 * An error for wrong usage: the process prints the message without a stack and exits with 2.
 *
 * @param message what is wrong and what to do
 * @returns the error, to be thrown
 * @example
 * throw usageError('--batch must be a whole number of at least 1, got 0');
 */
export function usageError(message: string): Failure {
  return Object.assign(new Error(message), { exitCode: EXIT.usage });
}

/**
 * The exit code of anything that was thrown.
 *
 * Errors of the packages carry a `code`; a non-finite loss has one of its own because a script
 * may want to lower the learning rate and try again.
 *
 * @param error what was caught
 * @returns 1, 2 or 3
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Error) {
    if ('exitCode' in error && typeof error.exitCode === 'number') return error.exitCode;
    if ('code' in error && error.code === 'NON_FINITE') return EXIT.nonFinite;
    // citty reports unknown commands and missing values with errors of this name.
    if (error.name === 'CLIError') return EXIT.usage;
  }
  return EXIT.failure;
}
