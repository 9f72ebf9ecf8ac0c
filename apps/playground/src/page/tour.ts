import { h } from './dom.ts';
import { TOUR } from './texts.ts';

/**
 * The walk through the method: each step shows a part of the page and says what it is.
 *
 * @returns the button that begins it, and the box with its text
 */
export function tour(): { readonly button: HTMLElement; readonly element: HTMLElement } {
  let at = 0;
  const title = h('h2', { id: 'tour-title' });
  const text = h('p', {});
  const back = h('button', { type: 'button', click: () => go(at - 1) }, 'Back');
  const next = h('button', { type: 'button', class: 'main', click: () => go(at + 1) }, 'Next');
  const close = h('button', { type: 'button', class: 'quiet', click: () => end() }, 'Close');
  const box = h(
    'dialog',
    { class: 'tour', 'aria-labelledby': 'tour-title' },
    title,
    text,
    h('div', { class: 'buttons' }, back, next, close),
  );
  const button = h(
    'button',
    { type: 'button', class: 'quiet', click: () => begin() },
    'What am I looking at?',
  );
  const mark = (name: string | undefined): void => {
    for (const part of document.querySelectorAll('[data-part]')) {
      part.classList.toggle('looked-at', part.getAttribute('data-part') === name);
    }
  };
  const begin = (): void => {
    box.show();
    go(0);
    next.focus();
  };
  const end = (): void => {
    mark(undefined);
    box.close();
    button.focus();
  };
  const go = (step: number): void => {
    const here = TOUR[step];
    if (here === undefined) {
      end();
      return;
    }
    at = step;
    title.textContent = here.title;
    text.textContent = here.text;
    back.disabled = step === 0;
    next.textContent = step === TOUR.length - 1 ? 'Done' : 'Next';
    mark(here.part);
    document.querySelector(`[data-part="${here.part}"]`)?.scrollIntoView({ block: 'start' });
  };
  box.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') end();
  });
  return { button, element: box };
}
