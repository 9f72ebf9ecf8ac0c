import type { Dataset } from '@twocan/data';
import { resolveModel } from '@twocan/pretrain';
import type { Machine, Report, Request } from '../messages.ts';
import { drawings, drawingsOf, ownImages, type RunImages } from './images.ts';
import { gpuLost, lossOf } from './lost.ts';
import { startMachine } from './machine.ts';
import { readImages } from './read-images.ts';
import { findRun, type RunFolder } from './run-folder.ts';
import { keepImages, keptImages } from './saved-images.ts';
import { openRunStore, type RunStore } from './saved-run.ts';
import { openSession } from './session.ts';
import type { Session } from './session-parts.ts';
import { featureFile, onnxFile, runArchive, type TakenFile } from './take-away.ts';

const page = globalThis as unknown as {
  postMessage: (report: Report, transfer?: Transferable[]) => void;
};
const report = (what: Report): void => page.postMessage(what);

/** An error for a person: without the name of the function that it is of. */
const sentenceOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, '');

const SAVE_EVERY = 10_000; // milliseconds

let machine: Machine | undefined;
let session: Session | undefined;
let own: Dataset | undefined;
let dropped: RunFolder | undefined;
let store: RunStore | undefined;
let playing = false;
let savedAt = 0;

/** One thing at a time: what is asked for meanwhile waits for the end of the step. */
let last: Promise<unknown> = Promise.resolve();
function inTurn(work: () => Promise<unknown> | unknown): void {
  last = last.then(work).catch((error: unknown) => {
    playing = false;
    const why = lossOf(error);
    if (why !== undefined && machine !== undefined) {
      report({ type: 'lost', backend: machine.name, why });
      return;
    }
    report({ type: 'problem', text: sentenceOf(error) });
    report({ type: 'playing', playing: false, finished: false });
  });
}

async function open(request: Extract<Request, { type: 'open' }>): Promise<void> {
  const { settings, source, goOn } = request;
  playing = false;
  await session?.close();
  session = undefined;
  if (!request.dropped) dropped = undefined;
  const { width } = dropped?.config.model.encoder.image ?? resolveModel(settings).encoder.image;
  if (source === 'files') own ??= await keptImages().catch(() => undefined);
  const count = dropped && drawingsOf(dropped.data);
  const images: RunImages = source === 'files' && own ? ownImages(own) : drawings(width, count);
  const trains = (source === 'files' && own !== undefined) || count !== undefined;
  const saved = goOn ? await store?.read() : undefined;
  const opened = await openSession({
    ...{ settings, images, report, saved },
    ...(dropped && { dropped: { ...dropped, trains } }),
    source: source === 'files' && own ? 'files' : 'drawings',
    machine: machine as Machine,
  });
  session = opened;
  report({ type: 'playing', playing: false, finished: false });
  // Who pressed Play meanwhile gets a step first: messages that wait are heard before the timer.
  setTimeout(() => inTurn(() => session === opened && opened.settle()));
}

function step(own: Session, goOn: boolean, slowly = false): void {
  inTurn(async () => {
    if (session !== own || (goOn && !playing)) return;
    const more = await (slowly ? own.phases() : own.advance({ look: !goOn }));
    if (!more) playing = false;
    if (!more || !goOn || performance.now() - savedAt > SAVE_EVERY) await save();
    if (!more || !goOn) report({ type: 'playing', playing: false, finished: !more });
    // A turn for messages: a step is one piece of work.
    await new Promise((resolve) => setTimeout(resolve));
    if (playing) step(own, true);
  });
}

async function save(): Promise<void> {
  const saved = await session?.save();
  if (saved === undefined || store === undefined) return;
  savedAt = performance.now();
  try {
    await store.write(saved.run, saved.checkpoint);
    report({ type: 'saved', step: saved.run.step });
  } catch (error) {
    report({ type: 'saved', step: saved.run.step, why: (error as Error).message });
  }
}

async function takeAway(what: Extract<Request, { type: 'download' }>['what']): Promise<void> {
  const taken = session?.taken();
  if (taken === undefined)
    return report({ type: 'problem', text: 'take a step first: nothing is trained yet' });
  const make: Readonly<Record<typeof what, () => Promise<TakenFile>>> = {
    run: () => runArchive(taken),
    npy: () => featureFile(taken, 'npy'),
    jsonl: () => featureFile(taken, 'jsonl'),
    onnx: () => onnxFile(taken),
  };
  const { name, bytes } = await make[what]();
  page.postMessage({ type: 'file', name, bytes }, [bytes.buffer]);
}

/**
 * Does what the page asks for, and reports to it.
 *
 * @param request the next one; it waits for the end of those before
 */
export function answer(request: Request): void {
  if (request.type === 'pause') {
    playing = false;
    inTurn(save);
    inTurn(() => report({ type: 'playing', playing: false, finished: false }));
  } else if (request.type === 'start') inTurn(() => start(request.without));
  else if (request.type === 'open') inTurn(() => open(request));
  else if (request.type === 'play') {
    playing = true;
    report({ type: 'playing', playing: true, finished: false });
    inTurn(() => session && step(session, true));
  } else if (request.type === 'step') inTurn(() => session && step(session, false));
  else if (request.type === 'phases') inTurn(() => session && step(session, false, true));
  else if (request.type === 'crops') inTurn(() => session?.otherCrops());
  else if (request.type === 'pick') inTurn(() => session?.pick(request.image));
  else if (request.type === 'umap') inTurn(() => session?.umap());
  else if (request.type === 'search') {
    const { type: _, ...wanted } = request;
    inTurn(() => session?.search(wanted));
  } else if (request.type === 'save') inTurn(save);
  else if (request.type === 'download') inTurn(() => takeAway(request.what));
  else if (request.type === 'images') {
    inTurn(async () => {
      const { run, rest } = await findRun(request.files);
      if (run !== undefined) {
        dropped = run;
        const source = drawingsOf(run.data) === undefined && own ? 'files' : 'drawings';
        report({ type: 'run', settings: run.settings, source });
        if (rest.length === 0) return;
      }
      const read = await readImages(rest, report);
      if (read === undefined) return;
      own = read;
      await keepImages(read).catch((error: Error) =>
        report({ type: 'saved', step: 0, why: error.message }),
      );
    });
  }
}

async function start(without: readonly string[]): Promise<void> {
  machine = await startMachine(without);
  report({ type: 'machine', machine });
  void gpuLost().then(() => report({ type: 'lost', backend: 'webgpu', why: 'gpu' }));
  store = await openRunStore().catch((error: Error) => {
    report({ type: 'saved', step: 0, why: error.message });
    return undefined;
  });
}
