/** A README's first program, and what it should print according to the README. */
export type Example = { readonly code: string; readonly prints?: string };

// The program, then optionally a line that says `prints` and a text block.
const FIRST = /^```ts\n(?<code>[\s\S]*?)^```$/m;
const PRINTS = /^\s*\W*prints\W*\n+```(?:text|txt)?\n(?<prints>[\s\S]*?)^```$/im;

/**
 * The first ts block of a README, with the `prints` block where one follows it at once.
 *
 * @example
 * const example = firstExample(readFileSync('README.md', 'utf8'));
 */
export function firstExample(markdown: string): Example | undefined {
  const found = FIRST.exec(markdown);
  const code = found?.groups?.code;
  if (!found || code === undefined) return undefined;
  const after = markdown.slice(found.index + found[0].length);
  const printed = PRINTS.exec(after);
  const prints = printed?.index === 0 ? printed.groups?.prints : undefined;
  return prints === undefined ? { code } : { code, prints };
}
