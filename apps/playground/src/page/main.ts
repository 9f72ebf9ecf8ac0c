import type { Settings } from '@twocan/pretrain';
import { quickStartSettings } from '@twocan/pretrain/settings';
import type { Report, Request, Source } from '../messages.ts';
import { fromAddress, toAddress } from '../settings/address.ts';
import { cropsPart } from './crops-part.ts';
import { curvesPart } from './curves-part.ts';
import { h } from './dom.ts';
import { startEngine } from './engine.ts';
import { imagesPart } from './images-part.ts';
import { keepPart } from './keep-part.ts';
import { layout } from './layout.ts';
import { mapPart } from './map-part.ts';
import { neighboursPart } from './neighbours-part.ts';
import { phasesPart } from './phases-part.ts';
import { rememberedSource, rememberSource } from './remembered.ts';
import { searchPart } from './search-part.ts';
import { sentenceOf } from './sentence.ts';
import { settingsForm } from './settings-form.ts';
import { tour } from './tour.ts';
import { transport } from './transport.ts';

const engine = startEngine(
  (report) => {
    const receive = RECEIVERS[report.type] as (report: Report) => void;
    receive(report);
  },
  (message) => {
    complain(`The training stopped: ${message}. Reload the page to go on from what was kept.`);
  },
);
const ask = (request: Request): void => engine.ask(request);

let given: Settings = {};
let running: Settings = {};
let source: Source = rememberedSource();
let step = 0;
/** Whether the run is one that was dropped here. */
let dropped = false;
let isPlaying = false;
/** What was lost, until the run that was kept is open again. */
let lost: { readonly text: string; readonly wasPlaying: boolean } | undefined;

const open = (goOn: boolean, ofFolder = false): void => {
  const settings = source === 'drawings' ? quickStartSettings(given) : { cropMin: 0.5, ...given };
  running = given;
  dropped = ofFolder;
  ask({ type: 'open', settings, source, goOn, dropped });
};
const complain = (text: string): void => {
  problem.hidden = false;
  problem.textContent = text;
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
const slowly = phasesPart(() => ask({ type: 'phases' }));
const search = searchPart(ask);
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
    buttons.begin({
      ...begun,
      steps: config.steps,
      about: sentenceOf({ about, dropped, ...begun }),
    });
    slowly.begin(begun.trains);
    search.begin();
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
  playing({ playing, finished }) {
    isPlaying = playing;
    buttons.playing(playing, finished);
    if (lost === undefined) return;
    const { text, wasPlaying } = lost;
    lost = undefined;
    complain(`${text}. The run goes on after step ${step}.`);
    if (wasPlaying) ask({ type: 'play' });
  },
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
  phases: ({ phases }) => slowly.show(phases),
  search({ found }) {
    buttons.say();
    search.show(found);
  },
  run({ settings, source: of }) {
    sources(of);
    // Only what the address can hold; the run itself has the rest.
    setGiven(fromAddress(toAddress(settings)).settings);
    open(false, true);
  },
  lost(report) {
    const text = engine.replace(report);
    if (text === undefined) {
      buttons.playing(false, false);
      complain(
        'The memory ended again. Choose a smaller batch or preset and press Reset, or go on outside of the tab.',
      );
      return;
    }
    lost = { text, wasPlaying: isPlaying };
    open(true);
  },
  saved: ({ step: at, why }) => keep.saved(at, why),
  file: ({ name, bytes }) => keep.file(name, bytes),
  images({ text, usable }) {
    images.say(text, !usable);
    if (!usable) return;
    sources('files');
    open(false, dropped);
  },
  problem: ({ text }) => complain(text),
};

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') ask({ type: 'save' });
});

document.body.append(
  ...layout({
    walk,
    top: [buttons.element, buttons.lines, problem],
    parts: [crops, curves, neighbours, map, slowly, search],
    form: form.element,
    side: [images, keep],
  }),
);

const found = fromAddress(location.hash);
setGiven(found.settings);
if (found.problems.length > 0) {
  complain(`Left out of the address: ${found.problems.join('; ')}.`);
}
open(true);
