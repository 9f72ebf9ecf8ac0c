/**
 * A share as text.
 *
 * @param share 0 to 1
 * @returns such as `47.8%`
 */
export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
