/** How words are set off; plain unless the terminal shows colours. */
export type Style = {
  readonly heading: (text: string) => string;
  readonly faint: (text: string) => string;
};

/**
 * The style for a stream: plain in pipes, and where NO_COLOR or the terminal say so.
 *
 * @param stream where the text goes
 * @returns functions that wrap text
 */
export function styleFor(stream: { readonly isTTY?: boolean; hasColors?: () => boolean }): Style {
  // Node's hasColors knows NO_COLOR, FORCE_COLOR and TERM; it warns when two of them disagree.
  const coloured = stream.isTTY === true && !process.env.NO_COLOR && stream.hasColors?.() === true;
  const wrap = (code: number) => (text: string) =>
    coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { heading: wrap(1), faint: wrap(2) };
}

/** Where help is not shown on a terminal. */
const PIPED_WIDTH = 100;
/** Narrower than this, each line would hold one word; wider, lines are hard to read. */
const WIDTHS = { least: 40, most: 120 } as const;

/**
 * How many columns a text may take.
 *
 * @param stream where the text goes; its terminal's width counts unless the variable COLUMNS is set
 * @returns 40 to 120 columns; 100 where there is no terminal
 */
export function widthFor(stream: { readonly columns?: number }): number {
  const wanted = Number(process.env.COLUMNS) || stream.columns || PIPED_WIDTH;
  return Math.max(WIDTHS.least, Math.min(WIDTHS.most, Math.floor(wanted)));
}
