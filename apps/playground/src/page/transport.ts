import type { Machine } from '../messages.ts';
import { h } from './dom.ts';

/** What the buttons ask for. */
export type Wishes = {
  readonly play: () => void;
  readonly pause: () => void;
  readonly step: () => void;
  readonly reset: () => void;
};

/** The buttons of a run, and how far it is. */
export function transport(wishes: Wishes): {
  readonly element: HTMLElement;
  /** What is being done, and on what. */
  readonly lines: HTMLElement;
  readonly begin: (run: {
    readonly step: number;
    readonly steps: number;
    readonly about: string;
    /** Whether it can be trained on. */
    readonly trains: boolean;
  }) => void;
  readonly at: (step: number, imagesPerSecond: number) => void;
  readonly playing: (playing: boolean, finished: boolean) => void;
  readonly machine: (machine: Machine) => void;
  /** What is being done; nothing when it is done. */
  readonly say: (text?: string) => void;
} {
  let isPlaying = false;
  const button = (text: string, click: () => void, kind = ''): HTMLButtonElement =>
    h('button', { type: 'button', class: kind, disabled: true, click }, text);
  const play = button('Play', () => (isPlaying ? wishes.pause() : wishes.play()), 'main');
  const step = button('Step', wishes.step);
  const reset = button('Reset', wishes.reset);
  const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Steps of the run that are done' });
  const count = h('span', { class: 'count' }, 'starting');
  const speed = h('span', { class: 'speed' });
  const status = h('p', { class: 'status', role: 'status' }, 'The engine starts.');
  const machineLine = h('p', { class: 'machine' });
  let steps = 1;
  let base = '';
  const show = (done: number): void => {
    bar.value = done / steps;
    count.textContent = `step ${done.toLocaleString('en')} of ${steps.toLocaleString('en')}`;
  };
  return {
    element: h(
      'div',
      { class: 'transport', role: 'group', 'aria-label': 'Training' },
      h('div', { class: 'buttons' }, play, step, reset),
      h('div', { class: 'how-far' }, bar, h('span', { class: 'numbers' }, count, speed)),
    ),
    lines: h('div', { class: 'lines' }, status, machineLine),
    begin({ step: done, steps: all, about, trains }) {
      steps = all;
      base = about;
      status.textContent = about;
      speed.textContent = '';
      show(done);
      reset.disabled = false;
      for (const each of [play, step]) each.disabled = !trains;
    },
    at(done, imagesPerSecond) {
      show(done);
      speed.textContent = `${Math.round(imagesPerSecond).toLocaleString('en')} images/s`;
      if (status.textContent !== base) status.textContent = base;
    },
    playing(playing, finished) {
      isPlaying = playing;
      play.textContent = playing ? 'Pause' : 'Play';
      if (finished) {
        play.disabled = true;
        step.disabled = true;
        status.textContent = 'The run is finished. Reset begins anew.';
      }
    },
    machine({ name, threads, device, why }) {
      const what =
        name === 'webgpu'
          ? `the GPU${device ? ` (${device})` : ''}`
          : `the processor, ${threads === 1 ? 'one thread' : `${threads} threads`}`;
      machineLine.textContent = `Computes on ${what}${why ? `: ${why}` : ''}.`;
    },
    say: (text = base) => {
      status.textContent = text;
    },
  };
}
