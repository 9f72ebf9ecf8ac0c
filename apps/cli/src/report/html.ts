/** Markup, safe to be put into a page: made by {@link html} and {@link asMarkup} alone. */
export type Html = { readonly markup: string };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Markup from a template: what is put in is text and is escaped, unless it is markup already.
 *
 * @param texts the template's own parts, which are markup
 * @param values text, numbers, markup, or lists of markup, which are joined
 * @returns markup
 * @example
 * html`<h1 title="${name}">${name}</h1>${rows.map((row) => html`<p>${row}</p>`)}`;
 */
export function html(
  texts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const markup = texts.map((text, i) =>
    i === 0 ? text : `${markupOf(values[i - 1] ?? '')}${text}`,
  );
  return { markup: markup.join('') };
}

function markupOf(value: string | number | Html | readonly Html[]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

/**
 * Text of the program's own as markup, such as a style sheet. Nothing that a user or a file names may go
 * through here.
 */
export const asMarkup = (text: string): Html => ({ markup: text });

/** A whole document with the title and style given. */
export function documentOf(title: string, style: string, body: readonly Html[]): string {
  const lines = body.flatMap((part) => [part, html`\n`]);
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${asMarkup(style)}</style></head><body>
${lines}</body></html>
`.markup;
}

/** A table of names and values. */
export function table(rows: readonly (readonly [name: string, value: string])[]): Html {
  const lines = rows.map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
  );
  return html`<table>${lines}</table>`;
}
