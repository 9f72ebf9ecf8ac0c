/**
 * The flag of a setting.
 *
 * @param name such as `maskRatio`, as in config files and in code
 * @returns such as `mask-ratio`
 */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * The same as it is written on the command line.
 *
 * @param name such as `maskRatio`
 * @returns such as `--mask-ratio`
 */
export const writtenFlag = (name: string): string => `--${flagOf(name)}`;
