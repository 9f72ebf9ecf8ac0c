import { isSystemError, reasonOf } from './failure.ts';

/** Options that decide how much memory a command needs, the strongest first. */
const LARGE = ['batch', 'image-size', 'limit', 'cache', 'threads'];

/** What a person reads where the package that decodes images is not installed, or for another machine. */
export const NO_SHARP = `the package sharp, which reads images, does not load on this machine (${process.platform}-${process.arch}); install it again here: npm install --include=optional sharp`;

const NO_FOLDER = 'the folder that this shell is in was removed; change to one that exists';

const NO_MEMORY =
  /out of memory|\boom\b|memory must hold|could not allocate|cannot allocate|allocation failed|bad_alloc|ENOMEM|invalid (?:typed )?array length|memory access out of bounds|maxbuffersize/i;

/**
 * What a person reads of an error: no names of functions, and no text of another library where it is
 * known what it means. `--debug` prints the error itself.
 *
 * @param error what was caught
 * @param options the options of the command, which may be what to change
 * @returns one or several lines
 */
export function errorText(error: unknown, options: readonly string[]): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error && error.message.includes(error.cause.message)) {
    return error.message.replace(error.cause.message, errorText(error.cause, options));
  }
  if ('exitCode' in error) return error.message;
  if (/sharp/.test(error.message) && /cannot find|could not load|is missing/i.test(error.message)) {
    return NO_SHARP;
  }
  if (NO_MEMORY.test(error.message)) return noMemory(options);
  if (isSystemError(error)) {
    if (error.syscall === 'uv_cwd') return NO_FOLDER;
    const place = error.path === undefined ? '' : `${error.path}: `;
    return `${place}${reasonOf(error)} (${error.code})`;
  }
  return reasonOf(error);
}

function noMemory(options: readonly string[]): string {
  const lower = LARGE.filter((name) => options.includes(name)).map((name) => `--${name}`);
  const advice =
    lower.length === 0 ? 'give it more' : `a smaller ${lower.slice(0, 3).join(' or ')} needs less`;
  return `the memory that this process may use is not enough; ${advice}`;
}
