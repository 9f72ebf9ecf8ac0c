import type { Point } from '@twocan/pretrain';
import type { FeaturesLook, Gallery } from '../messages.ts';
import { alignTo } from './align.ts';
import { classColour } from './class-colours.ts';
import { freshId, h, percent, stillness } from './dom.ts';
import { part } from './explain.ts';
import { paint } from './pixels.ts';
import { drawDots, type Frame, frameOf, nearestDot } from './scatter.ts';
import { PARTS } from './texts.ts';

const MOVE = 450; // milliseconds from one look to the next

/** What the map asks for. */
export type MapWishes = { readonly umap: () => void; readonly pick: (image: number) => void };

/** Where the features lie, as dots that move. */
export function mapPart({ umap, pick }: MapWishes): {
  readonly element: HTMLElement;
  readonly begin: (gallery: Gallery) => void;
  readonly look: (look: FeaturesLook) => void;
  readonly laidOut: (step: number, points: readonly Point[]) => void;
  readonly picked: (image: number) => void;
} {
  const canvas = h('canvas', {
    class: 'map-canvas',
    role: 'img',
    'aria-label': 'Map of the images; pick one below it or in the list of pictures',
  });
  const caption = h('p', { class: 'caption' });
  const legend = h('ul', { class: 'legend' });
  const thumb = h('canvas', { width: 1, height: 1, class: 'thumb' });
  const named = h('span', {}, '');
  const hovered = h('div', { class: 'hovered', 'aria-hidden': 'true' }, thumb, named);
  const group = freshId('layout');
  const choice = (
    value: string,
    text: string,
    checked: boolean,
  ): [HTMLInputElement, HTMLElement] => {
    const input = h('input', {
      type: 'radio',
      name: group,
      value,
      checked,
      change: () => change(value),
    });
    return [input, h('label', {}, input, text)];
  };
  const [pca, pcaLabel] = choice('pca', 'PCA', true);
  const [, umapLabel] = choice('umap', 'UMAP', false);
  const again = h(
    'button',
    { type: 'button', class: 'quiet', hidden: true, click: umap },
    'Lay out again',
  );
  const layouts = h(
    'div',
    { class: 'choices', role: 'radiogroup', 'aria-label': 'Layout of the map' },
    pcaLabel,
    umapLabel,
    again,
  );

  let gallery: Gallery | undefined;
  let components: readonly Point[] = [];
  let shown: readonly Point[] = [];
  let frame: Frame | undefined;
  let chosen = -1;
  let ticket = 0;
  let about = '';

  const draw = (points: readonly Point[], view: Frame): void => {
    if (gallery) drawDots(canvas, points, view, { labels: gallery.labels, chosen });
  };
  const moveTo = (points: readonly Point[]): void => {
    const own = ++ticket;
    const from = shown.length === points.length ? shown : points;
    const [before, after] = [frame ?? frameOf(points), frameOf(points)];
    shown = points;
    frame = after;
    const start = performance.now();
    const tick = (): void => {
      if (own !== ticket) return;
      const part = stillness() ? 1 : Math.min(1, (performance.now() - start) / MOVE);
      const eased = part * (2 - part);
      const mix = (a: number, b: number): number => a + eased * (b - a);
      draw(
        points.map(({ x, y }, i) => ({ x: mix(from[i]?.x ?? x, x), y: mix(from[i]?.y ?? y, y) })),
        {
          x: mix(before.x, after.x),
          y: mix(before.y, after.y),
          side: mix(before.side, after.side),
        },
      );
      if (part < 1) requestAnimationFrame(tick);
    };
    tick();
  };
  const change = (value: string): void => {
    again.hidden = value !== 'umap';
    if (value === 'umap') umap();
    else {
      moveTo(components);
      caption.textContent = about;
    }
  };
  const find = (event: PointerEvent): number =>
    frame ? nearestDot(canvas, event, shown, frame) : -1;
  canvas.addEventListener('pointermove', (event) => {
    const image = find(event);
    const picture = gallery?.pictures[image];
    hovered.classList.toggle('shown', picture !== undefined);
    if (picture === undefined || gallery === undefined) return;
    paint(thumb, picture);
    named.textContent = gallery.classes[gallery.labels[image] ?? -1] ?? gallery.names[image] ?? '';
  });
  canvas.addEventListener('pointerleave', () => hovered.classList.remove('shown'));
  canvas.addEventListener('click', (event) => {
    const image = find(event as PointerEvent);
    if (image >= 0) pick(image);
  });
  new ResizeObserver(() => frame && draw(shown, frame)).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener(
    'change',
    () => frame && draw(shown, frame),
  );
  return {
    element: part(
      'map',
      PARTS.map,
      layouts,
      h('div', { class: 'map-box' }, canvas, hovered),
      legend,
      caption,
    ),
    begin(of) {
      gallery = of;
      components = [];
      shown = [];
      frame = undefined;
      pca.checked = true;
      again.hidden = true;
      const few = of.classes.length <= 12 && of.labels.length > 0;
      legend.replaceChildren(
        ...(few ? of.classes : []).map((name, i) => {
          const swatch = h('span', { class: 'swatch' });
          swatch.style.background = classColour(i);
          return h('li', {}, swatch, name);
        }),
      );
    },
    look({ step, points, explained }) {
      const mean = centreOf(points);
      const centred = points.map(({ x, y }) => ({ x: x - mean.x, y: y - mean.y }));
      components = alignTo(centred, components);
      about = `${points.length} images after step ${step}, along the two directions in which their features differ most (${percent(explained)} of all differences).`;
      if (!pca.checked) return;
      caption.textContent = about;
      moveTo(components);
    },
    laidOut(step, points) {
      if (pca.checked) return;
      if (points.length === 0) caption.textContent = 'UMAP needs more images than these.';
      else {
        caption.textContent = `UMAP of the features after step ${step}: near dots are neighbours, distances between groups mean little.`;
        moveTo(points);
      }
    },
    picked(image) {
      chosen = image;
      if (frame) draw(shown, frame);
    },
  };
}

function centreOf(points: readonly Point[]): Point {
  const count = Math.max(1, points.length);
  return {
    x: points.reduce((sum, { x }) => sum + x, 0) / count,
    y: points.reduce((sum, { y }) => sum + y, 0) / count,
  };
}
