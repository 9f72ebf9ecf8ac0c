import type { Phases, StepLine } from '../messages.ts';
import { pictureRow } from './crops-part.ts';
import { h, stillness } from './dom.ts';
import { part } from './explain.ts';
import { PARTS, PHASES, type PhaseId } from './texts.ts';

/** So long a phase is shown while they follow each other by themselves. */
const SHOWN_FOR = 3500; // milliseconds

/** One step of the training, phase by phase. */
export function phasesPart(take: () => void): {
  readonly element: HTMLElement;
  readonly begin: (trains: boolean) => void;
  readonly show: (phases: Phases) => void;
} {
  let phases: Phases | undefined;
  let at = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const button = (text: string, click: () => void, kind = ''): HTMLButtonElement =>
    h('button', { type: 'button', class: kind, click }, text);
  const begin = button('Take one step slowly', take, 'main');
  const back = button('Back', () => go(at - 1));
  const next = button('Next', () => go(at + 1));
  const run = button('Run', () => (timer === undefined ? start() : stop()));
  const title = h('h3', {});
  const text = h('p', { class: 'phase-text' });
  const seen = h('div', { class: 'phase-seen' });
  const dots = h('ol', { class: 'phase-dots', 'aria-hidden': 'true' });
  const stage = h(
    'div',
    {
      class: 'phase-stage',
      role: 'group',
      'aria-label': 'Phases of a step; arrow keys go on and back',
      hidden: true,
      keydown: (event) => {
        const { key } = event as KeyboardEvent;
        if (key === 'ArrowRight' || key === 'ArrowLeft') go(at + (key === 'ArrowRight' ? 1 : -1));
      },
    },
    dots,
    h('div', { role: 'status' }, title, text),
    seen,
    h('div', { class: 'buttons' }, back, next, run),
  );
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    run.textContent = 'Run';
  };
  const start = (): void => {
    run.textContent = 'Hold';
    if (at === PHASES.length - 1) show(0);
    timer = setInterval(() => (at < PHASES.length - 1 ? show(at + 1) : stop()), SHOWN_FOR);
  };
  const go = (to: number): void => {
    stop();
    show(Math.max(0, Math.min(PHASES.length - 1, to)));
  };
  const show = (to: number): void => {
    const phase = PHASES[to];
    if (phase === undefined || phases === undefined) return;
    at = to;
    title.textContent = `${to + 1} of ${PHASES.length}: ${phase.title}`;
    text.textContent = `${phase.text} ${numbersOf(phase.id, phases)}`.trim();
    seen.replaceChildren(...seenIn(phase.id, phases));
    // A disabled button would lose the focus, and with it the arrow keys.
    back.ariaDisabled = String(to === 0);
    next.ariaDisabled = String(to === PHASES.length - 1);
    dots.replaceChildren(...PHASES.map((_, i) => h('li', { class: i <= to ? 'done' : '' })));
  };
  return {
    element: part('phases', PARTS.phases, h('div', { class: 'buttons' }, begin), stage),
    begin(trains) {
      stop();
      phases = undefined;
      stage.hidden = true;
      begin.disabled = !trains;
    },
    show(of) {
      phases = of;
      stage.hidden = false;
      go(0);
      // Who wants no motion turns the pages.
      if (!stillness()) start();
    },
  };
}

/** The pictures, or what stands for numbers, of a phase. */
function seenIn(id: PhaseId, { rows, hidden, images, alike, line }: Phases): HTMLElement[] {
  const drawn = (...ids: readonly string[]): HTMLElement[] =>
    rows.flatMap((row) => (ids.includes(row.id) ? [pictureRow(row, images)] : []));
  if (id === 'crops') return drawn('original');
  if (id === 'hide') {
    return hidden ? [pictureRow({ id: 'input', pictures: hidden }, images)] : drawn('original');
  }
  if (id === 'noise') return drawn('added-noise', 'input');
  if (id === 'encode') return drawn('input');
  if (id === 'project') return alike ? [table(alike)] : [];
  if (id === 'decode') return drawn('reconstruction', 'predicted-noise');
  return id === 'losses' ? [losses(line)] : [];
}

/** What the numbers of this run are in a phase. */
function numbersOf(id: PhaseId, { patches, widths, alike, hidden, rows, line }: Phases): string {
  const { metrics, step, learningRate } = line;
  if (id === 'hide') {
    return hidden
      ? `${patches.visible} of ${patches.all} patches stay.`
      : 'This method hides nothing.';
  }
  if (id === 'noise') {
    return rows.some((row) => row.id === 'added-noise') ? '' : 'This method adds none.';
  }
  if (id === 'encode') return `Each token becomes ${widths.encoder} numbers.`;
  if (id === 'project') {
    return alike
      ? `They have ${widths.projector} numbers. In the table, first crops are rows and second crops are columns; the diagonal should be near 1.`
      : 'This method does not compare crops.';
  }
  if (id === 'decode') {
    return rows.some((row) => row.id === 'reconstruction') ? '' : 'This method fills nothing in.';
  }
  if (id === 'gradient') return `Its length is ${(metrics.gradNorm ?? 0).toPrecision(3)}.`;
  if (id === 'update') {
    return `The learning rate is ${learningRate.toPrecision(3)}. That was step ${step}.`;
  }
  return '';
}

/** Cosines, shaded by how near to 1 they are. */
function table(alike: readonly (readonly number[])[]): HTMLElement {
  const head = alike.map((_, i) => h('th', { scope: 'col' }, `second ${i + 1}`));
  return h(
    'table',
    { class: 'alike' },
    h('tr', {}, h('td', {}), ...head),
    ...alike.map((row, i) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, `first ${i + 1}`),
        ...row.map((cosine, j) => h('td', { class: i === j ? 'own' : '' }, cosine.toFixed(2))),
      ),
    ),
  );
}

/** The terms of the loss and their weighted sum. */
function losses({ metrics }: StepLine): HTMLElement {
  const terms = ['contrastive', 'reconstruction', 'denoising', 'loss'] as const;
  return h(
    'dl',
    { class: 'loss-terms' },
    ...terms.flatMap((name) => {
      const value = metrics[name];
      if (value === undefined) return [];
      const title = name === 'loss' ? 'weighted sum' : name;
      return [h('div', {}, h('dt', {}, title), h('dd', {}, value.toPrecision(4)))];
    }),
  );
}
