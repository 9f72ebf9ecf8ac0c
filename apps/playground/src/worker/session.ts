import type { CanParams } from '@twocan/can';
import { disposeTree } from '@twocan/core';
import {
  freshParams,
  type PretrainEvent,
  type PretrainState,
  pretrainWith,
  resolveConfig,
  trainedParams,
} from '@twocan/pretrain';
import { disposeState } from '@twocan/trainer';
import type { EvaluationLine, StepLine } from '../messages.ts';
import { type Followed, follow } from './followed.ts';
import { cropsOf, drawCrops, galleryOf } from './look.ts';
import { phasesOf } from './phases.ts';
import { configOf, restored, stateOfDropped } from './restored.ts';
import { commandOf, runConfigOf } from './run-config.ts';
import { openSearch, type Search } from './search.ts';
import type { Beginning, Session } from './session-parts.ts';
import { checkpointOf, type Taken } from './take-away.ts';

/** Looks may take this share of the time of the training. */
const LOOKING = 0.25;

/**
 * Opens a run, draws what is seen before its first step, and waits.
 *
 * @param beginning settings, images and what computes
 * @returns the run
 * @throws RangeError for settings that do not fit each other or the images
 */
export async function openSession(beginning: Beginning): Promise<Session> {
  const { settings, source, images, machine, report, saved, dropped } = beginning;
  const config =
    dropped?.config ?? configOf(saved?.run, settings) ?? resolveConfig(settings, images.dataset);
  const run = runConfigOf(config, settings, images, machine);
  const before = dropped ? stateOfDropped(dropped, images) : saved && restored(saved, run);
  const lines: StepLine[] = [...(before?.run.lines ?? [])];
  const evaluations: EvaluationLine[] = [...(before?.run.evaluations ?? [])];
  const { dataset, evaluation, gallery } = images;
  const first = before?.state.step ?? 0;
  // Its config does not follow from the settings that the page shows, so it is kept with it.
  const ofFolder = dropped !== undefined || config === saved?.run.config;
  report({
    type: 'begun',
    ...{ config, settings, source, lines, evaluations, step: first },
    labelled: gallery.labels !== undefined,
    about: images.about,
    resumed: before !== undefined && dropped === undefined,
    trains: dropped?.trains !== false,
    command: commandOf(source),
  });
  /** Of the last step that was taken here; before it, what the run goes on from is shown. */
  let state: PretrainState | undefined;
  let shown = before?.state;
  let started = false;
  let crops = 0;
  const drawn = async (params: CanParams, step: number): Promise<void> => {
    report({ type: 'pictures', step, ...(await drawCrops(config, params, dataset, crops)) });
  };
  let followed: Followed | undefined;
  let searched: Search | undefined;
  let picked = 0;
  /** The weights of now, which only this call may use. */
  const withParams = async (
    use: (params: CanParams, step: number) => Promise<void>,
  ): Promise<void> => {
    const known = shown;
    const params = known ? trainedParams(known) : freshParams(config);
    await use(params, known?.step ?? 0);
    if (known === undefined) disposeTree(params);
  };
  const settle = async (): Promise<void> => {
    if (followed !== undefined) return;
    report({ type: 'gallery', gallery: await galleryOf(gallery, config) });
    const untrained = freshParams(config);
    followed = await follow(config, gallery, untrained).finally(() => disposeTree(untrained));
    await withParams(async (params, step) => {
      if (followed) report({ type: 'features', look: await followed.look(params, step) });
    });
    report({ type: 'neighbours', neighbours: followed.near(picked) });
  };
  const look = async (params: CanParams, step: number): Promise<void> => {
    await drawn(params, step);
    if (followed === undefined) return;
    report({ type: 'features', look: await followed.look(params, step) });
    report({ type: 'neighbours', neighbours: followed.near(picked) });
  };
  const events = pretrainWith(config, { dataset, evaluation, state: before?.state, evaluations });
  let finished = false;
  const pace = { training: 0, looking: 0 };
  await withParams(drawn);

  async function take(event: PretrainEvent, always: boolean): Promise<void> {
    if (event.type === 'step') {
      const { step, metrics, learningRate, millis } = event;
      state = event.state;
      shown = state;
      const line = { step, metrics, learningRate, millis };
      lines.push(line);
      report({ type: 'line', line, imagesPerSecond: (1000 * config.batch) / millis });
      pace.training += millis;
      if (!always && pace.looking > LOOKING * pace.training) return;
      if (followed === undefined) await settle();
      const start = performance.now();
      await look(trainedParams(event.state), step);
      // The last look says how long the next will take; what was trained until then pays for it.
      pace.looking = performance.now() - start;
      pace.training = 0;
    } else if (event.type === 'checkpoint') {
      report({ type: 'working', what: 'the encoder is evaluated' });
    } else if (event.type === 'evaluation') {
      const { step, scores, millis } = event;
      const line = { step, scores, millis };
      evaluations.push(line);
      report({ type: 'evaluation', line });
    } else if (event.type === 'done') {
      finished = true;
      state = event.state;
      shown = state;
    }
  }

  const advance = async (always: boolean): Promise<boolean> => {
    started = true;
    for (;;) {
      const { value: event, done } = await events.next().catch((error: unknown) => {
        // The run is over, and its state went with it.
        state = undefined;
        shown = undefined;
        throw error;
      });
      if (done || event === undefined) return false;
      await take(event, always);
      if (event.type === 'done') return false;
      if (event.type === 'step' && event.step < config.steps) return true;
    }
  };
  const taken = (): Taken | undefined =>
    state && { config, run, state, images, lines, evaluations };
  return {
    advance: ({ look: always }) => advance(always),
    async phases() {
      const shownCrops = await cropsOf(config, dataset, crops);
      let before: Awaited<ReturnType<typeof phasesOf>> | undefined;
      await withParams(async (params) => {
        before = await phasesOf(config, params, shownCrops);
      });
      const more = await advance(true);
      const line = lines.at(-1);
      if (before && line) report({ type: 'phases', phases: { ...before, line } });
      return more;
    },
    settle,
    async search(wanted) {
      if (searched === undefined || (wanted.find === 'page' && wanted.first === 0)) {
        report({ type: 'working', what: 'features of all images are computed' });
        await withParams(async (params) => {
          searched = await openSearch(config, params, dataset);
        });
      }
      if (searched) report({ type: 'search', found: await searched(wanted) });
    },
    async otherCrops() {
      crops++;
      await withParams(drawn);
    },
    pick(image) {
      picked = image;
      if (followed) report({ type: 'neighbours', neighbours: followed.near(image) });
    },
    umap() {
      if (followed) report({ type: 'umap', step: state?.step ?? first, points: followed.umap() });
    },
    taken,
    async save() {
      const all = taken();
      if (all === undefined) return undefined;
      const { step } = all.state;
      return {
        run: { settings, source, step, lines, evaluations, ...(ofFolder && { config }) },
        checkpoint: await checkpointOf(all),
      };
    },
    async close() {
      await events.return();
      if (!started && shown) disposeState(shown);
      if (finished && state) disposeState(state);
      state = undefined;
      shown = undefined;
    },
  };
}
