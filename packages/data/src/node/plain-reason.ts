/** How what the libraries below the decoder say begins, and what it means for who has the file. */
const MEANINGS = [
  [/unsupported image format/i, 'the contents are no image that can be read'],
  [/buffer is empty/i, 'the file is empty'],
  [
    /tiff2vips: (samples|sample)|bad labq format/i,
    'a TIFF with a kind of samples that cannot be read; save it with 8 or 16 bits or as 32-bit floats',
  ],
  [
    /premature end|truncat|read error|unexpected end|not enough data/i,
    'damaged: the file is cut off or was changed',
  ],
  [
    /vips|libpng|corrupt|invalid|heif|webp|tiff|gif|decod|load|unknown error|^\s*$/i,
    'damaged: the contents cannot be decoded',
  ],
] as const;

/**
 * Why a file cannot be read, without the names of libraries.
 *
 * @param error what was thrown
 * @returns the reason; the error's own message where that is from here
 */
export function plainReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (isOfSystem(error)) return `cannot be opened: ${error.code}`;
  if (isPictureError(error)) return message;
  return MEANINGS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
}

const PLAIN = 'PictureError';

/** Whether the message is from here, for the one who has the file. */
export const isPictureError = (error: unknown): boolean =>
  error instanceof Error && error.name === PLAIN;

const isOfSystem = (error: unknown): error is Error & { readonly code: unknown } =>
  error instanceof Error && 'syscall' in error && 'code' in error;

/** Whether an error is the decoder's, whose text is only right where it decoded nothing else meanwhile. */
export const isOfDecoder = (error: unknown): boolean =>
  !isPictureError(error) && !isOfSystem(error);

/**
 * An error whose message is for the one who has the file.
 *
 * @param reason the message
 * @returns the error, to be thrown
 */
export function pictureError(reason: string): Error {
  return Object.assign(new Error(reason), { name: PLAIN });
}
