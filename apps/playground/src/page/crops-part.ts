import type { PictureId, PictureRow } from '@twocan/pretrain';
import type { Report } from '../messages.ts';
import { h } from './dom.ts';
import { explained, part } from './explain.ts';
import { paint } from './pixels.ts';
import { PARTS, ROWS } from './texts.ts';

type Pictures = Extract<Report, { readonly type: 'pictures' }>;

/** A row of pictures that is drawn again and again. */
type Row = { readonly element: HTMLElement; readonly canvases: readonly HTMLCanvasElement[] };

/** The crops, what the encoder gets of them, and what the model makes of that. */
export function cropsPart(other: () => void): {
  readonly element: HTMLElement;
  readonly show: (pictures: Pictures) => void;
} {
  const rows = h('div', { class: 'rows' });
  const caption = h('p', { class: 'caption' });
  const button = h('button', { type: 'button', class: 'quiet', click: other }, 'Other images');
  let known = new Map<PictureId, Row>();
  return {
    element: part('crops', PARTS.crops, rows, h('div', { class: 'below' }, caption, button)),
    show({ step, images, rows: drawn }) {
      const same = drawn.every(
        ({ id, pictures }) => known.get(id)?.canvases.length === pictures.length,
      );
      if (!same || known.size !== drawn.length) {
        known = new Map(drawn.map((row) => [row.id, makeRow(row, images)]));
        rows.replaceChildren(...[...known.values()].map(({ element }) => element));
      }
      for (const row of drawn) paintRow(row, known.get(row.id)?.canvases ?? [], images);
      caption.textContent =
        step === 0
          ? 'Before training. The same crops are drawn after every few steps.'
          : `After step ${step}.`;
    },
  };
}

/** A row of pictures that stays as it is. */
export function pictureRow(row: PictureRow, images: number): HTMLElement {
  const { element, canvases } = makeRow(row, images);
  paintRow(row, canvases, images);
  return element;
}

/** The pictures come view by view; beside each other are the crops of an image. */
function paintRow(
  { pictures }: PictureRow,
  canvases: readonly HTMLCanvasElement[],
  images: number,
): void {
  const views = pictures.length / images;
  pictures.forEach((picture, i) => {
    const canvas = canvases[(i % images) * views + Math.floor(i / images)];
    if (canvas) paint(canvas, picture);
  });
}

function makeRow({ id, gain, pictures }: PictureRow, images: number): Row {
  const { title, text } = ROWS[id];
  const canvases = pictures.map(() => h('canvas', { width: 1, height: 1 }));
  const views = pictures.length / images;
  const groups = Array.from({ length: images }, (_, i) =>
    h('span', { class: 'crop-pair' }, ...canvases.slice(i * views, (i + 1) * views)),
  );
  const label = `${title}: ${images} images${views === 2 ? ', two crops each' : ''}. ${text}`;
  const strong = gain === undefined || gain === 1 ? title : `${title}, ×${gain}`;
  return {
    element: h(
      'div',
      { class: 'row' },
      explained({ title: strong, text }, 'h3'),
      h('div', { class: 'pictures', role: 'img', 'aria-label': label }, ...groups),
    ),
    canvases,
  };
}
