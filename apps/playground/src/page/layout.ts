import { h } from './dom.ts';

type Part = { readonly element: HTMLElement };

/** Where everything stands on the page. */
export const layout = ({
  walk,
  top,
  parts,
  form,
  side,
}: {
  readonly walk: Part & { readonly button: HTMLElement };
  readonly top: readonly HTMLElement[];
  readonly parts: readonly Part[];
  readonly form: HTMLElement;
  readonly side: readonly Part[];
}): readonly HTMLElement[] => [
  h(
    'header',
    {},
    h('h1', {}, 'twocan ', h('small', {}, 'playground')),
    h(
      'p',
      {},
      'Watch a vision transformer learn to see, without labels. It trains in this tab, and nothing leaves it.',
    ),
    walk.button,
  ),
  h(
    'main',
    {},
    ...top,
    h('div', { class: 'parts' }, ...parts.map(({ element }) => element)),
    h(
      'div',
      { class: 'side' },
      h(
        'section',
        { class: 'part', 'aria-label': 'Settings of the run' },
        h('h2', {}, 'Settings'),
        form,
      ),
      ...side.map(({ element }) => element),
    ),
  ),
  walk.element,
];
