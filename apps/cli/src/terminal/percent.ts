/**
 * A share as text.
 *
 * @param share 0 to 1; undefined or NaN where there is none
 * @returns such as `47.8%`; a dash for what is missing
 */
export const percent = (share: number | undefined): string =>
  share === undefined || Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)}%`;
