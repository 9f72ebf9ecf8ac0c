/**
 * The flag of a setting.
 *
 * @param name such as `maskRatio`, as in config files and in code
 * @returns such as `mask-ratio`
 */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
