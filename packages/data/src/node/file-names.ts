const LONE_SURROGATE = /[\uD800-\uDFFF]/u; // with the flag `u`, those of a pair do not match
/** A byte that is not UTF-8 is in a string as this plus the byte, as in Python's `surrogateescape`. */
const ESCAPE = 0xdc00;

/**
 * A file's name as a string, whatever bytes it has.
 *
 * Bytes that are not UTF-8 become lone surrogates U+DC80 to U+DCFF: {@link openable} turns them back,
 * and so does Python's `os.fsencode`.
 *
 * @param bytes the name as the file system has it
 * @returns the name; that of UTF-8 is the text itself
 * @example
 * nameOfBytes(Buffer.from('caf\xe9', 'latin1')); // 'caf\udce9'
 */
export function nameOfBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\uFFFD') || Buffer.from(text).equals(bytes)) return text;
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const piece = [1, 2, 3, 4]
      .map((length) => bytes.subarray(at, at + length))
      .find((few) => !few.toString('utf8').includes('\uFFFD'));
    name += piece?.toString('utf8') ?? String.fromCharCode(ESCAPE + (bytes[at] ?? 0));
    at += piece?.length ?? 1;
  }
  return name;
}

/**
 * A path as Node's file functions need it to open a file whose name is not UTF-8.
 *
 * @param path a path made of names of {@link nameOfBytes}
 * @returns the path itself, or its bytes where it has any that are not UTF-8
 * @example
 * await readFile(openable(join(folder, name)));
 */
export function openable(path: string): string | Buffer {
  if (!LONE_SURROGATE.test(path)) return path;
  return Buffer.concat(
    Array.from(path, (character) => {
      const code = character.charCodeAt(0);
      const escaped = character.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
      return escaped ? Buffer.of(code - ESCAPE) : Buffer.from(character);
    }),
  );
}

/** What moves the cursor, ends a line, turns the direction of writing, or is not a character. */
const UNPRINTABLE =
  /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uD800-\uDFFF]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A name as it can be printed on a terminal or in a line of text.
 *
 * @param name any name
 * @returns the name with `\n`, `\xHH` (a control character, or a byte that is not UTF-8) or `\uHHHH`
 *   in place of what a terminal would act on
 * @example
 * printable('a\nb.png'); // 'a\\nb.png'
 */
export function printable(name: string): string {
  return name.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    const byte = code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff ? code - ESCAPE : code;
    const hex = byte.toString(16).toUpperCase();
    return (
      SHORT[character] ?? (byte < 256 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`)
    );
  });
}
