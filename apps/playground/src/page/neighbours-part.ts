import type { Beside, Gallery, Neighbours } from '../messages.ts';
import { freshId, h } from './dom.ts';
import { part } from './explain.ts';
import { paint } from './pixels.ts';
import { PARTS } from './texts.ts';

/** Pictures that can be picked in the list; the map has them all. */
const LISTED = 40;

const SIDES: readonly { readonly side: keyof Beside<unknown>; readonly title: string }[] = [
  { side: 'trained', title: 'Trained' },
  { side: 'untrained', title: 'Before training' },
  { side: 'pixels', title: 'Raw pixels' },
];

/** The neighbours of a picture, by three kinds of features. */
export function neighboursPart(pick: (image: number) => void): {
  readonly element: HTMLElement;
  readonly begin: (gallery: Gallery) => void;
  readonly show: (neighbours: Neighbours) => void;
} {
  const group = freshId('picture');
  const list = h('div', { class: 'picks', role: 'radiogroup', 'aria-label': 'Pictures to pick' });
  const picked = h('figure', { class: 'picked' });
  const rows = h('div', { class: 'near' });
  let gallery: Gallery | undefined;
  let inputs = new Map<number, HTMLInputElement>();
  const nameOf = (image: number): string => {
    const label = gallery?.labels[image];
    return (label === undefined ? gallery?.names[image] : gallery?.classes[label]) ?? '';
  };
  const tile = (image: number, same?: boolean): HTMLElement => {
    const canvas = h('canvas', { width: 1, height: 1 });
    const picture = gallery?.pictures[image];
    if (picture) paint(canvas, picture);
    const mark = same === undefined ? '' : same ? ' same' : ' other';
    const said = same === undefined ? '' : same ? ', the same class' : ', another class';
    return h(
      'span',
      {
        class: `tile${mark}`,
        role: 'img',
        title: nameOf(image),
        'aria-label': `${nameOf(image)}${said}`,
      },
      canvas,
      same === undefined
        ? undefined
        : h('span', { class: 'mark', 'aria-hidden': 'true' }, same ? '✓' : '·'),
    );
  };
  return {
    element: part(
      'neighbours',
      PARTS.neighbours,
      list,
      h('div', { class: 'near-box' }, picked, rows),
    ),
    begin(of) {
      gallery = of;
      const step = Math.max(1, Math.floor(of.pictures.length / LISTED));
      const listed = of.pictures
        .map((_, i) => i)
        .filter((i) => i % step === 0)
        .slice(0, LISTED);
      inputs = new Map();
      list.replaceChildren(
        ...listed.map((image) => {
          const input = h('input', {
            type: 'radio',
            name: group,
            'aria-label': nameOf(image),
            change: () => pick(image),
          });
          inputs.set(image, input);
          return h('label', { class: 'pick' }, input, tile(image));
        }),
      );
    },
    show({ image, near }) {
      const input = inputs.get(image);
      for (const other of inputs.values()) other.checked = other === input;
      picked.replaceChildren(tile(image), h('figcaption', {}, nameOf(image)));
      const labels = gallery?.labels ?? [];
      rows.replaceChildren(
        ...SIDES.map(({ side, title }) => {
          const found = near[side];
          const same = found.filter((other) => labels[other] === labels[image]).length;
          const count = labels.length === 0 ? '' : `${same} of ${found.length} alike`;
          return h(
            'div',
            { class: 'near-row' },
            h('h3', {}, title, ' ', h('small', {}, count)),
            h(
              'div',
              { class: 'tiles' },
              ...found.map((other) =>
                tile(other, labels.length === 0 ? undefined : labels[other] === labels[image]),
              ),
            ),
          );
        }),
      );
    },
  };
}
