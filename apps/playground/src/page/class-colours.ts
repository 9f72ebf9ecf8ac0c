/** Colours that stay apart on light and dark, ten of them; further classes begin anew. */
const COLOURS = [
  ...['#3b82d6', '#e0742c', '#2f9e57', '#cf4a5c', '#8f63d2'],
  ...['#a8772f', '#d65db1', '#6f7a8a', '#a3a51f', '#1aa3ad'],
];
const NO_CLASS = '#3b82d6';

/** The colour of a class. */
export const classColour = (label: number | undefined): string =>
  label === undefined ? NO_CLASS : (COLOURS[label % COLOURS.length] as string);
