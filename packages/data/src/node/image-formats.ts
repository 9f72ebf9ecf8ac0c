/** Endings of image files that sharp may or may not read, by how it was built. */
const OTHER_IMAGES: readonly string[] = [
  ...['.bmp', '.dib', '.ico', '.cur', '.tga', '.pcx', '.psd', '.psb', '.xcf', '.dds', '.icns'],
  ...['.ppm', '.pgm', '.pbm', '.pnm', '.pam', '.pfm', '.xbm', '.xpm', '.sgi', '.ras'],
  ...['.heic', '.heif', '.hif', '.avifs', '.jxl', '.jp2', '.j2k', '.j2c', '.jpc', '.jpf', '.jpx'],
  ...['.jxr', '.wdp', '.exr', '.hdr', '.fits', '.fit', '.dcm', '.svs', '.ndpi', '.mrxs', '.eps'],
];
/** Those of cameras. They begin like a TIFF file, but what a TIFF reader finds is a small preview. */
const CAMERA_IMAGES: readonly string[] = [
  ...['.dng', '.nef', '.cr2', '.cr3', '.crw', '.arw', '.orf', '.rw2', '.pef', '.raf', '.srw'],
];
/** Endings of JPEG and PNG that sharp reads but does not list. */
const ALIASES: readonly string[] = ['.jif', '.apng'];

/** How the files of formats begin: bytes as Latin-1 text, `.` for any. */
const BEGINNINGS = [
  ['.jpg', /^\xff\xd8\xff/],
  ['.png', /^\x89PNG\r\n/],
  ['.gif', /^GIF8/],
  ['.webp', /^RIFF....WEBP/s],
  ['.tif', /^(II[*+]\0|MM\0[*+])/],
  ['.avif', /^....ftypavi[fs]/s],
] as const;

/** How many bytes {@link imageEnding} looks at. */
export const BEGINNING_BYTES = 16;

/**
 * Endings of the files that this build of sharp reads.
 *
 * @returns endings in lower case, with their dot
 * @throws Error if sharp is missing
 * @example
 * await readEndings(); // ['.jpg', '.jpeg', …, '.png', …]
 */
export async function readEndings(): Promise<readonly string[]> {
  const { default: sharp } = await import('sharp');
  const formats = Object.values(sharp.format).flatMap(({ input }) =>
    // The bytes are read by Node: a format that sharp opens by its path alone is of no use.
    input.buffer ? (input.fileSuffix ?? []) : [],
  );
  return [...new Set([...formats, ...ALIASES])];
}

/** What a file is, by its ending. */
export type EndingKind = 'read' | 'other image' | 'camera image' | 'none' | 'not an image';

/**
 * What a file is, by its ending.
 *
 * @param ending in lower case, with its dot; empty for none
 * @param read endings of {@link readEndings}
 */
export function kindOfEnding(ending: string, read: ReadonlySet<string>): EndingKind {
  if (read.has(ending)) return 'read';
  if (ending === '') return 'none';
  if (CAMERA_IMAGES.includes(ending)) return 'camera image';
  return OTHER_IMAGES.includes(ending) ? 'other image' : 'not an image';
}

/**
 * The ending that an image should have, by its first bytes.
 *
 * @param bytes 16 of them, or all of a shorter file
 * @returns the ending in lower case, with its dot, of a format that every build of sharp reads; undefined for
 *   anything else
 * @example
 * imageEnding(Buffer.from('GIF89a')); // '.gif'
 */
export function imageEnding(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, BEGINNING_BYTES)).toString('latin1');
  return BEGINNINGS.find(([, begins]) => begins.test(text))?.[0];
}
