import type { CanParams } from '@twocan/can';
import { decodeCheckpoint } from '@twocan/checkpoint';
import { disposeTree } from '@twocan/core';
import {
  differences,
  freshParams,
  type PretrainConfig,
  type PretrainEvent,
  type PretrainState,
  pretrainWith,
  resolveConfig,
  type Settings,
  trainedParams,
} from '@twocan/pretrain';
import { disposeState } from '@twocan/trainer';
import type { EvaluationLine, Machine, Report, Source, StepLine } from '../messages.ts';
import { type Followed, follow } from './followed.ts';
import type { RunImages } from './images.ts';
import { drawCrops, galleryOf } from './look.ts';
import { commandOf, type RunConfig, runConfigOf } from './run-config.ts';
import type { SavedRun } from './saved-run.ts';
import { checkpointOf, type Taken } from './take-away.ts';

/** What a run begins with. */
export type Beginning = {
  readonly settings: Settings;
  readonly source: Source;
  readonly images: RunImages;
  readonly machine: Machine;
  /** A run with the same settings that was saved before. */
  readonly saved?: { readonly run: SavedRun; readonly checkpoint: Uint8Array } | undefined;
  readonly report: (report: Report) => void;
};

/** A run that is looked at while it goes, step by step. */
export type Session = {
  /** Takes one step, with all that is due then; false at the end of the run. */
  readonly advance: (options: { readonly look: boolean }) => Promise<boolean>;
  readonly otherCrops: () => Promise<void>;
  readonly pick: (image: number) => void;
  readonly umap: () => void;
  /** Everything to save or to take away; nothing before the first step. */
  readonly taken: () => Taken | undefined;
  readonly save: () => Promise<
    { readonly run: SavedRun; readonly checkpoint: Uint8Array<ArrayBuffer> } | undefined
  >;
  readonly close: () => Promise<void>;
};

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
  const { settings, source, images, machine, report } = beginning;
  const config = resolveConfig(settings, images.dataset);
  const run = runConfigOf(config, settings, images, machine);
  const before = beginning.saved && restored(beginning.saved, run);
  const lines: StepLine[] = [...(before?.run.lines ?? [])];
  const evaluations: EvaluationLine[] = [...(before?.run.evaluations ?? [])];
  const { dataset, evaluation, gallery } = images;
  const first = before?.state.step ?? 0;
  report({
    type: 'begun',
    ...{ config, settings, source, lines, evaluations, step: first },
    labelled: gallery.labels !== undefined,
    about: images.about,
    resumed: before !== undefined,
    command: commandOf(source),
  });
  let crops = 0;
  const drawn = async (params: CanParams, step: number): Promise<void> => {
    report({ type: 'pictures', step, ...(await drawCrops(config, params, dataset, crops)) });
  };
  let followed: Followed | undefined;
  let picked = 0;
  const look = async (params: CanParams, step: number): Promise<void> => {
    await drawn(params, step);
    if (followed === undefined) return;
    report({ type: 'features', look: await followed.look(params, step) });
    report({ type: 'neighbours', neighbours: followed.near(picked) });
  };
  const untrained = freshParams(config);
  try {
    const now = before ? trainedParams(before.state) : untrained;
    await drawn(now, first);
    report({ type: 'gallery', gallery: await galleryOf(gallery, config) });
    followed = await follow(config, gallery, untrained);
    report({ type: 'features', look: await followed.look(now, first) });
    report({ type: 'neighbours', neighbours: followed.near(picked) });
  } finally {
    disposeTree(untrained);
  }
  const events = pretrainWith(config, { dataset, evaluation, state: before?.state, evaluations });
  let state: PretrainState | undefined;
  let finished = false;
  const pace = { training: 0, looking: 0 };

  async function take(event: PretrainEvent, always: boolean): Promise<void> {
    if (event.type === 'step') {
      const { step, metrics, learningRate, millis } = event;
      state = event.state;
      const line = { step, metrics, learningRate, millis };
      lines.push(line);
      report({ type: 'line', line, imagesPerSecond: (1000 * config.batch) / millis });
      pace.training += millis;
      if (!always && pace.looking > LOOKING * pace.training) return;
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
    }
  }

  const taken = (): Taken | undefined =>
    state && { config, run, state, images, lines, evaluations };
  return {
    async advance({ look: always }) {
      for (;;) {
        const { value: event, done } = await events.next().catch((error: unknown) => {
          // The run is over, and its state went with it.
          state = undefined;
          throw error;
        });
        if (done || event === undefined) return false;
        await take(event, always);
        if (event.type === 'done') return false;
        if (event.type === 'step' && event.step < config.steps) return true;
      }
    },
    async otherCrops() {
      crops++;
      const shown = state ? trainedParams(state) : freshParams(config);
      await drawn(shown, state?.step ?? first);
      if (state === undefined) disposeTree(shown);
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
        run: { settings, source, step, lines, evaluations },
        checkpoint: await checkpointOf(all),
      };
    },
    async close() {
      await events.return();
      if (finished && state) disposeState(state);
      state = undefined;
    },
  };
}

/** The state of a run that was saved; nothing where it is of another run. */
function restored(
  { run, checkpoint }: { readonly run: SavedRun; readonly checkpoint: Uint8Array },
  now: RunConfig,
): { readonly run: SavedRun; readonly state: PretrainState } | undefined {
  try {
    const { step, params, optimizer = {}, ema, config } = decodeCheckpoint(checkpoint);
    const state = {
      step,
      params: params as CanParams,
      optimizer,
      ...(ema && { ema: ema as CanParams }),
    };
    const changes = differences(config as unknown as PretrainConfig, now, { without: ['options'] });
    if (changes.length === 0) return { run, state };
    disposeState(state);
    return undefined;
  } catch {
    // What cannot be read is as good as nothing: the run begins anew.
    return undefined;
  }
}
