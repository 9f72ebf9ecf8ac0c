import { freshId, h } from './dom.ts';
import type { Explained } from './texts.ts';

/**
 * A title with a button that explains it: on hover, on focus, and on a tap.
 *
 * @param explained title and sentence
 * @param tag what the title is
 * @returns the title
 */
export function explained(
  { title, text }: Explained,
  tag: 'h2' | 'h3' | 'span' = 'h2',
): HTMLElement {
  const id = freshId('why');
  const tip = h('span', { role: 'tooltip', id, class: 'tip' }, text);
  const button = h(
    'button',
    {
      type: 'button',
      class: 'why',
      'aria-label': `What is this: ${title}`,
      'aria-describedby': id,
      click: () => box.classList.toggle('open'),
      blur: () => box.classList.remove('open'),
      keydown: (event) => {
        if ((event as KeyboardEvent).key === 'Escape') box.classList.remove('open');
      },
    },
    '?',
  );
  const box = h('span', { class: 'explains' }, button, tip);
  return h('div', { class: 'titled' }, h(tag, {}, title), box);
}

/** A part of the page with its title. */
export const part = (name: string, about: Explained, ...content: readonly Node[]): HTMLElement =>
  h(
    'section',
    { class: `part ${name}`, 'data-part': name, 'aria-label': about.title },
    explained(about),
    ...content,
  );
