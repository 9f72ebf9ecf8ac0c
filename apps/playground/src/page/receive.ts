import type { Report } from '../messages.ts';
import { fromAddress, toAddress } from '../settings/address.ts';
import type { AskedRun } from './asked-run.ts';
import type { Engine } from './engine.ts';
import type { Parts } from './parts.ts';
import { sentenceOf } from './sentence.ts';

/** How far the open run is. */
export type Progress = {
  step: number;
  isPlaying: boolean;
  /** Shown above the run that opens next. */
  note?: string | undefined;
  /** What was lost, until the run that was kept is open again. */
  lost?: { readonly text: string; readonly wasPlaying: boolean } | undefined;
};

type Receivers = {
  readonly [T in Report['type']]: (report: Extract<Report, { readonly type: T }>) => void;
};

/**
 * What the page does with each report of the worker.
 *
 * @param engine what reports
 * @param run what is asked for
 * @param parts what shows it
 * @param progress kept up to date
 * @returns takes a report
 */
export function receiver(
  engine: Engine,
  run: AskedRun,
  parts: Parts,
  progress: Progress,
): (report: Report) => void {
  const { crops, curves, neighbours, map, buttons, form, images, keep, slowly, search, problem } =
    parts;
  const receivers: Receivers = {
    machine({ machine }) {
      buttons.machine(machine);
      form.machine(machine.name === 'webgpu');
    },
    begun({ config, labelled, lines, evaluations, about, command, ...begun }) {
      problem.clear();
      if (progress.note !== undefined) problem.say(progress.note);
      progress.note = undefined;
      progress.step = begun.step;
      buttons.begin({
        ...begun,
        steps: config.steps,
        about: sentenceOf({ about, dropped: run.isDropped(), ...begun }),
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
      progress.isPlaying = playing;
      buttons.playing(playing, finished);
      if (progress.lost === undefined) return;
      const { text, wasPlaying } = progress.lost;
      progress.lost = undefined;
      problem.say(`${text}. The run goes on after step ${progress.step}.`);
      if (wasPlaying) engine.ask({ type: 'play' });
    },
    line({ line, imagesPerSecond }) {
      progress.step = line.step;
      keep.ready(true);
      buttons.at(line.step, imagesPerSecond);
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
    umap: ({ step, points }) => map.laidOut(step, points),
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
    run({ settings, source }) {
      run.takeFrom(source);
      // Only what the address can hold; the run itself has the rest.
      form.set(fromAddress(toAddress(settings)).settings);
      run.openDropped();
    },
    lost(report) {
      const text = engine.replace(report);
      if (text === undefined) {
        buttons.playing(false, false);
        problem.say(
          'The memory ended again. Choose a smaller batch or preset and press Reset, or go on outside of the tab.',
        );
        return;
      }
      progress.lost = { text, wasPlaying: progress.isPlaying };
      run.goOn();
    },
    saved: ({ step, why }) => keep.saved(step, why),
    file: ({ name, bytes }) => keep.file(name, bytes),
    images({ text, usable }) {
      images.say(text, !usable);
      if (!usable) return;
      run.takeFrom('files');
      if (run.isDropped()) run.openDropped();
      else run.begin();
    },
    problem: ({ text }) => problem.say(text),
  };
  return (report) => (receivers[report.type] as (report: Report) => void)(report);
}
