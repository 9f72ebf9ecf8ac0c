import type { Settings } from '@twocan/pretrain';
import { quickStartSettings } from '@twocan/pretrain/settings';
import type { Report, Request, Source } from '../messages.ts';
import { fromAddress, toAddress } from '../settings/address.ts';
import { cropsPart } from './crops-part.ts';
import { curvesPart } from './curves-part.ts';
import { h } from './dom.ts';
import { imagesPart } from './images-part.ts';
import { keepPart } from './keep-part.ts';
import { mapPart } from './map-part.ts';
import { neighboursPart } from './neighbours-part.ts';
import { rememberedSource, rememberSource } from './remembered.ts';
import { settingsForm } from './settings-form.ts';
import { tour } from './tour.ts';
import { transport } from './transport.ts';

const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' });
const ask = (request: Request): void => worker.postMessage(request);

let given: Settings = {};
let running: Settings = {};
let source: Source = rememberedSource();
let step = 0;

const open = (goOn: boolean): void => {
  const settings = source === 'drawings' ? quickStartSettings(given) : { cropMin: 0.5, ...given };
  running = given;
  ask({ type: 'open', settings, source, goOn });
};
const sources = (next: Source): void => {
  source = next;
  rememberSource(next);
};
const setGiven = (settings: Settings): void => {
  given = settings;
  const address = toAddress(settings);
  history.replaceState(null, '', address === '' ? location.pathname : `#${address}`);
  form.set(settings);
  form.pending(false);
};

const crops = cropsPart(() => ask({ type: 'crops' }));
const curves = curvesPart();
const neighbours = neighboursPart((image) => ask({ type: 'pick', image }));
const map = mapPart({
  umap: () => ask({ type: 'umap' }),
  pick: (image) => ask({ type: 'pick', image }),
});
const buttons = transport({
  play: () => ask({ type: 'play' }),
  pause: () => ask({ type: 'pause' }),
  step: () => ask({ type: 'step' }),
  reset: () => open(false),
});
const form = settingsForm({
  changed(settings) {
    setGiven(settings);
    // Nothing is lost before the first step; after it a person decides.
    if (step === 0) open(false);
    else form.pending(true);
  },
  begin: () => {
    form.pending(false);
    open(false);
  },
  undo: () => setGiven(running),
});
const images = imagesPart({
  give: (files) => ask({ type: 'images', files }),
  drawings: () => {
    sources('drawings');
    open(false);
  },
});
const keep = keepPart((what) => ask({ type: 'download', what }));
const problem = h('p', { class: 'warning problem', role: 'alert', hidden: true });
const walk = tour();

/** What is done with each thing that the worker says. */
const RECEIVERS: {
  readonly [T in Report['type']]: (report: Extract<Report, { readonly type: T }>) => void;
} = {
  machine({ machine }) {
    buttons.machine(machine);
    form.machine(machine.name === 'webgpu');
  },
  begun({ config, labelled, lines, evaluations, about, command, ...begun }) {
    problem.hidden = true;
    step = begun.step;
    const kept = begun.resumed ? 'Goes on with the run that was kept: ' : '';
    buttons.begin(step, config.steps, `${kept}${about}.`);
    curves.begin(config, labelled);
    for (const line of lines) curves.line(line);
    for (const line of evaluations) curves.evaluation(line);
    images.show(about, begun.source === 'files');
    keep.begin(command);
    keep.ready(false);
    form.resolve(config);
  },
  gallery({ gallery }) {
    neighbours.begin(gallery);
    map.begin(gallery);
  },
  playing: ({ playing, finished }) => buttons.playing(playing, finished),
  line({ line, imagesPerSecond }) {
    step = line.step;
    keep.ready(true);
    buttons.at(step, imagesPerSecond);
    curves.line(line);
  },
  evaluation: ({ line }) => curves.evaluation(line),
  pictures: (pictures) => crops.show(pictures),
  features({ look }) {
    curves.look(look);
    map.look(look);
  },
  neighbours({ neighbours: found }) {
    map.picked(found.image);
    neighbours.show(found);
  },
  umap: ({ step: at, points }) => map.laidOut(at, points),
  working({ what, done, total }) {
    buttons.say(
      total === undefined ? `Just now ${what}.` : `Just now ${what}: ${done} of ${total}.`,
    );
  },
  saved: ({ step: at, why }) => keep.saved(at, why),
  file: ({ name, bytes }) => keep.file(name, bytes),
  images({ text, usable }) {
    images.say(text, !usable);
    if (!usable) return;
    sources('files');
    open(false);
  },
  problem({ text }) {
    problem.hidden = false;
    problem.textContent = text;
  },
};

worker.onmessage = ({ data }: MessageEvent<Report>) => {
  const receive = RECEIVERS[data.type] as (report: Report) => void;
  receive(data);
};
worker.onerror = ({ message }) => {
  problem.hidden = false;
  problem.textContent = `The training stopped: ${message}. Reload the page to go on from what was kept.`;
};
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') ask({ type: 'save' });
});

document.body.append(
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
    buttons.element,
    buttons.lines,
    problem,
    h('div', { class: 'parts' }, crops.element, curves.element, neighbours.element, map.element),
    h(
      'div',
      { class: 'side' },
      h(
        'section',
        { class: 'part', 'aria-label': 'Settings of the run' },
        h('h2', {}, 'Settings'),
        form.element,
      ),
      images.element,
      keep.element,
    ),
  ),
  walk.element,
);

const found = fromAddress(location.hash);
setGiven(found.settings);
if (found.problems.length > 0) {
  problem.hidden = false;
  problem.textContent = `Left out of the address: ${found.problems.join('; ')}.`;
}
open(true);
