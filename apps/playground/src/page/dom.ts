type Attributes = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => void)>
>;
type Child = Node | string | undefined;

/**
 * Makes an element.
 *
 * @param tag its name
 * @param attributes a function is a listener, `true` an attribute without a value, `false` and nothing none
 * @param children elements and text; nothing is left out
 * @returns the element
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Whether the person wants no motion. */
export const stillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A share as text. */
export const percent = (share: number): string => `${Math.round(100 * share)}%`;

let numbers = 0;

/** An id that no other element has. */
export const freshId = (name: string): string => `${name}-${numbers++}`;

/** A command: it breaks between words alone, not at their dashes. */
export const commandLine = (text: string): HTMLElement =>
  h(
    'code',
    { class: 'command-line' },
    ...text.split(' ').flatMap((word) => [h('span', {}, word), ' ']),
  );
