import type { FoundPicture, Request, SearchReport } from '../messages.ts';
import { freshId, h } from './dom.ts';
import { part } from './explain.ts';
import { paint } from './pixels.ts';
import { PARTS } from './texts.ts';

/** The cosine that pairs must have, unless a person chooses another. */
const LEAST = 0.95;

/** Search among all images of the run: neighbours of a picture, and near-duplicates. */
export function searchPart(ask: (request: Request) => void): {
  readonly element: HTMLElement;
  readonly begin: () => void;
  readonly show: (found: SearchReport) => void;
} {
  const id = freshId('least');
  const list = h('div', { class: 'search-list', role: 'group', 'aria-label': 'All images' });
  const found = h('div', { class: 'search-found', role: 'region', 'aria-label': 'What was found' });
  const where = h('span', { class: 'caption', role: 'status' });
  const least = h('input', { type: 'number', id, min: -1, max: 1, step: 0.01, value: LEAST });
  const button = (text: string, click: () => void, kind = ''): HTMLButtonElement =>
    h('button', { type: 'button', class: kind, click }, text);
  let first = 0;
  let shown = 0;
  const turn = (to: number): void => ask({ type: 'search', find: 'page', first: to });
  const back = button('Back', () => turn(Math.max(0, first - shown)));
  const next = button('More', () => turn(first + shown));
  const open = button('Search all images', () => turn(0), 'main');
  const pairs = button('Find near-duplicates', () => {
    const limit = Math.max(-1, Math.min(1, least.valueAsNumber || LEAST));
    ask({ type: 'search', find: 'pairs', least: limit });
  });
  const tools = h(
    'div',
    { class: 'search-tools', hidden: true },
    h('div', { class: 'buttons' }, back, next, where),
    h('div', { class: 'buttons' }, h('label', { for: id }, 'Cosine of at least'), least, pairs),
  );
  const canvasOf = ({ picture }: FoundPicture): HTMLCanvasElement => {
    const canvas = h('canvas', { width: 1, height: 1, class: 'thumb' });
    paint(canvas, picture);
    return canvas;
  };
  const pick = (picture: FoundPicture): HTMLElement =>
    h(
      'button',
      {
        type: 'button',
        class: 'search-pick',
        title: picture.name,
        'aria-label': `Find what is like ${picture.name}`,
        click: () => ask({ type: 'search', find: 'near', image: picture.image }),
      },
      canvasOf(picture),
    );
  const titled = (picture: FoundPicture, cosine?: number): HTMLElement =>
    h(
      'figure',
      { class: 'search-one' },
      pick(picture),
      h('figcaption', {}, cosine === undefined ? picture.name : cosine.toFixed(3)),
    );
  return {
    element: part('search', PARTS.search, h('div', { class: 'buttons' }, open), tools, list, found),
    begin() {
      for (const box of [list, found]) box.replaceChildren();
      tools.hidden = true;
      open.textContent = 'Search all images';
    },
    show(report) {
      const { kind, pictures } = report;
      if (kind === 'page') {
        first = report.first;
        shown = pictures.length;
        back.disabled = first === 0;
        next.disabled = first + shown >= report.total;
        where.textContent = `${first + 1} to ${first + shown} of ${report.total.toLocaleString('en')}`;
        tools.hidden = false;
        open.textContent = 'Search again with the newest weights';
        list.replaceChildren(...pictures.map(pick));
        if (first === 0) found.replaceChildren(h('p', { class: 'caption' }, 'Click a picture.'));
        return;
      }
      const { cosines } = report;
      if (kind === 'near') {
        const [query, ...near] = pictures as [FoundPicture, ...FoundPicture[]];
        found.replaceChildren(
          h('h3', {}, `Nearest to ${query.name}`),
          h(
            'div',
            { class: 'search-row' },
            titled(query),
            ...near.map((one, i) => titled(one, cosines[i])),
          ),
        );
        return;
      }
      const count = `${report.total.toLocaleString('en')} ${report.total === 1 ? 'pair has' : 'pairs have'} a cosine of at least ${report.least}`;
      const some =
        cosines.length < report.total ? `; the ${cosines.length} nearest are shown.` : '.';
      found.replaceChildren(
        h('h3', {}, `${count}${some}`),
        h(
          'div',
          { class: 'search-row' },
          ...cosines.map((cosine, i) =>
            h(
              'figure',
              { class: 'search-pair' },
              h('span', { class: 'crop-pair' }, ...pictures.slice(2 * i, 2 * i + 2).map(pick)),
              h('figcaption', {}, cosine.toFixed(3)),
            ),
          ),
        ),
      );
    },
  };
}
