/** What the process returns: the shell's contract of every command. */
export const EXIT = { done: 0, failure: 1, usage: 2, nonFinite: 3, interrupted: 130 } as const;

/** An error whose message is printed to the user unchanged, with its exit code. */
export type Failure = Error & { readonly exitCode: number };

/**
 * An error for wrong usage: the process prints the message without a stack and exits with 2.
 *
 * @param message what is wrong and what to do
 * @param cause the error that was found first, for `--debug`
 * @returns the error, to be thrown
 * @example
 * throw usageError('--batch must be a whole number of at least 1, got 0');
 */
export function usageError(message: string, cause?: unknown): Failure {
  const failure = cause === undefined ? new Error(message) : new Error(message, { cause });
  return Object.assign(failure, { exitCode: EXIT.usage });
}

/**
 * An error for numbers that are not finite: the process prints the message and exits with 3.
 *
 * @param message what was not finite, and what to do
 * @returns the error, to be thrown
 */
export function nonFiniteError(message: string): Failure {
  return Object.assign(new Error(message), { exitCode: EXIT.nonFinite });
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
    if (hasCode(error, 'NON_FINITE')) return EXIT.nonFinite;
  }
  return EXIT.failure;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file is in its place',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file is larger than is allowed here',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
};

/** Errors of the operating system carry a code; those of libraries have none that is listed here. */
const systemReason = (error: Error): string | undefined =>
  'code' in error ? REASONS[String(error.code)] : undefined;

/**
 * The message of an error, for a user: without the name of the function that threw it, which the
 * packages put first, and without the code and the call of the operating system.
 *
 * @param error what was caught
 * @returns such as `the disk is full`; the error's own message where it is a rare one
 * @example
 * reasonOf(new Error('loadCheckpoint: no checkpoint in x')); // 'no checkpoint in x'
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return systemReason(error) ?? error.message.replace(/^(?:[a-z]\w*[A-Z]\w*: )+/, '');
}

/**
 * Whether an error carries a code.
 *
 * @param error what was caught
 * @param code of the operating system, such as `ENOENT`, or of a package
 */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Whether the operating system refused something. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'code' in error;
