/**
 * A table as Markdown.
 *
 * @param head the names of the columns
 * @param body rows of as many cells
 * @returns its lines
 */
export const tableOf = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** What tables call the budgets. */
export const TITLES = { steps: 'equal steps', flops: 'equal FLOPs' } as const;

/**
 * A share as percentage points.
 *
 * @param share any number, or Infinity
 * @returns such as `1.2`, or `∞`
 */
export const points = (share: number): string =>
  Number.isFinite(share) ? (100 * share).toFixed(1) : '∞';
