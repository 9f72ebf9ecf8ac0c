/**
 * The option of the command line that gives a setting.
 *
 * @param setting its name in config files and in code
 * @returns such as `--mask-ratio` of `maskRatio`
 */
export const flagNamed = (setting: string): string =>
  `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
