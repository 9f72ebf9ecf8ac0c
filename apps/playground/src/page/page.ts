import { fromAddress } from '../settings/address.ts';
import { askedRun } from './asked-run.ts';
import type { Engine } from './engine.ts';
import { layout } from './layout.ts';
import { makeParts } from './parts.ts';
import { type Progress, receiver } from './receive.ts';
import { tour } from './tour.ts';

/** A turn for what else waits: frames, and what a person does. */
const otherTasks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/**
 * Opens the run that the address names, and makes the page around it.
 *
 * @param engine what computes
 */
export async function showPage(engine: Engine): Promise<void> {
  const { settings, problems } = fromAddress(location.hash);
  const run = askedRun(engine, settings);
  run.goOn();
  await otherTasks();
  const progress: Progress = {
    step: 0,
    isPlaying: false,
    ...(problems.length > 0 && { note: `Left out of the address: ${problems.join('; ')}.` }),
  };
  const parts = makeParts(engine, run, () => progress.step > 0);
  const { crops, curves, neighbours, map, buttons, form, images, keep, slowly, search, problem } =
    parts;
  form.set(settings);
  await otherTasks();
  document.body.append(
    ...layout({
      walk: tour(),
      top: [buttons.element, buttons.lines, problem.element],
      parts: [crops, curves, neighbours, map, slowly, search],
      form: form.element,
      side: [images, keep],
    }),
  );
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') engine.ask({ type: 'save' });
  });
  await otherTasks();
  engine.listen(receiver(engine, run, parts, progress), (message) => {
    problem.say(`The training stopped: ${message}. Reload the page to go on from what was kept.`);
  });
}
