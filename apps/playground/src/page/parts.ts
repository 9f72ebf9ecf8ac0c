import type { Settings } from '@twocan/pretrain';
import type { AskedRun } from './asked-run.ts';
import { cropsPart } from './crops-part.ts';
import { curvesPart } from './curves-part.ts';
import { h } from './dom.ts';
import type { Engine } from './engine.ts';
import { imagesPart } from './images-part.ts';
import { keepPart } from './keep-part.ts';
import { mapPart } from './map-part.ts';
import { neighboursPart } from './neighbours-part.ts';
import { phasesPart } from './phases-part.ts';
import { searchPart } from './search-part.ts';
import { settingsForm } from './settings-form.ts';
import { transport } from './transport.ts';

/** Where something is wrong: above all parts. */
function problemLine() {
  const element = h('p', { class: 'warning problem', role: 'alert', hidden: true });
  return {
    element,
    say(text: string) {
      element.hidden = false;
      element.textContent = text;
    },
    clear() {
      element.hidden = true;
    },
  };
}

/** The form of the settings, which go to the address and to the next run. */
function formOf(run: AskedRun, hasSteps: () => boolean) {
  const set = (settings: Settings): void => {
    run.choose(settings);
    form.set(settings);
    form.pending(false);
  };
  const form = settingsForm({
    changed(settings) {
      set(settings);
      // Nothing is lost before the first step; after it a person decides.
      if (hasSteps()) form.pending(true);
      else run.begin();
    },
    begin: () => {
      form.pending(false);
      run.begin();
    },
    undo: () => set(run.running()),
  });
  return { ...form, set };
}

/**
 * Makes the parts of the page, which ask the engine for what a person wants.
 *
 * @param engine what computes
 * @param run what is asked for
 * @param hasSteps whether the open run has taken a step
 * @returns the parts; they show what they are given
 */
export function makeParts(engine: Engine, run: AskedRun, hasSteps: () => boolean) {
  const { ask } = engine;
  return {
    crops: cropsPart(() => ask({ type: 'crops' })),
    curves: curvesPart(),
    neighbours: neighboursPart((image) => ask({ type: 'pick', image })),
    map: mapPart({
      umap: () => ask({ type: 'umap' }),
      pick: (image) => ask({ type: 'pick', image }),
    }),
    buttons: transport({
      play: () => ask({ type: 'play' }),
      pause: () => ask({ type: 'pause' }),
      step: () => ask({ type: 'step' }),
      reset: run.begin,
    }),
    form: formOf(run, hasSteps),
    images: imagesPart({
      give: (files) => ask({ type: 'images', files }),
      drawings() {
        run.takeFrom('drawings');
        run.begin();
      },
    }),
    keep: keepPart((what) => ask({ type: 'download', what })),
    slowly: phasesPart(() => ask({ type: 'phases' })),
    search: searchPart(ask),
    problem: problemLine(),
  };
}

/** All that the page shows. */
export type Parts = ReturnType<typeof makeParts>;
