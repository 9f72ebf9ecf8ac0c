/** What reads a command line. */
export type Shell = 'posix' | 'cmd' | 'powershell';

/** Letters, digits and signs that no shell reads in its own way. */
const PLAIN: Readonly<Record<Shell, RegExp>> = {
  posix: /^[\w./:@%+,-][\w./:@%+=,-]*$/,
  cmd: /^[\w./:\\+-]+$/,
  powershell: /^[\w./:\\+-]+$/,
};

/**
 * Which shell a command that is printed will be pasted into.
 *
 * @param platform such as `process.platform`
 * @param env the environment: only cmd sets PROMPT, and only Unix shells on Windows set MSYSTEM
 * @returns the shell's kind
 */
export function shellOf(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): Shell {
  if (platform !== 'win32' || env.MSYSTEM !== undefined) return 'posix';
  return env.PROMPT === undefined ? 'powershell' : 'cmd';
}

/**
 * A command line that can be pasted into a shell: every command that is printed is made here.
 *
 * @param words the program and its arguments
 * @param shell who reads it; the one in use here unless given
 * @returns the words, quoted where they need it, with spaces between
 * @example
 * shellLine(['twocan', 'pretrain', '--out', 'my runs'], 'posix'); // twocan pretrain --out 'my runs'
 */
export function shellLine(
  words: readonly string[],
  shell: Shell = shellOf(process.platform, process.env),
): string {
  return words.map((word) => (PLAIN[shell].test(word) ? word : QUOTED[shell](word))).join(' ');
}

const QUOTED: Readonly<Record<Shell, (word: string) => string>> = {
  posix: (word) =>
    /\p{Cc}/u.test(word) ? withEscapes(word) : `'${word.replaceAll("'", `'\\''`)}'`,
  // A backslash before a quote would quote the quote.
  cmd: (word) => `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`,
  powershell: (word) => `'${word.replaceAll("'", "''")}'`,
};

/** `$'…'` of bash, zsh and ksh: a terminal would act on control characters. */
function withEscapes(word: string): string {
  const code = (sign: string): string => sign.charCodeAt(0).toString(16).padStart(4, '0');
  const inside = word.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (sign) => `\\u${code(sign)}`);
  return `$'${inside}'`;
}
