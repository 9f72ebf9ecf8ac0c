import { resolve } from 'node:path';
import type { PretrainEvent } from '@twocan/pretrain';
import { PAPER } from '@twocan/pretrain/settings';
import { runConfigProblems } from '../args/config-file.ts';
import { layOver, type Options } from '../args/options.ts';
import { type OpenedData, openData } from '../images/datasets.ts';
import {
  differences,
  type RunConfig,
  recipeBefore,
  resolveModel,
  resolveRun,
  runLabel,
} from '../run/config.ts';
import { knowImages, placed, sameImages, whereImagesAre } from '../run/data-identity.ts';
import { alone } from '../run/interruptible.ts';
import { ALONE, type Ranks } from '../run/ranks.ts';
import {
  checkNewRun,
  checkOldRun,
  createRun,
  defaultRunPath,
  type RunFolder,
  readRunConfig,
  rewriteRun,
  runFolder,
} from '../run/run-folder.ts';
import { expectEvenShares, expectSameRun } from '../run/same-run.ts';
import { startBackend } from '../run/start-backend.ts';
import { usageError } from '../terminal/failure.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { beginningBefore, beginningOf, checkBeginning } from './beginning.ts';
import { quickStart } from './quick-start.ts';
import type { Run } from './run.ts';
import { type Outcome, train } from './train.ts';
import { expectEffect, noteResumed } from './without-effect.ts';

/** A run to begin or to go on with. */
export type PretrainRequest = {
  readonly options: Options;
  readonly out?: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** The processes that compute the run together; this one alone by default. */
  readonly ranks?: Ranks;
  /** Does the training with a signal that stops it between two steps, after a checkpoint. */
  readonly stoppable: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  /** Called with each event, once it is written. */
  readonly onEvent?: ((event: PretrainEvent) => unknown) | undefined;
};

/** How a run went. */
export type PretrainOutcome = Outcome & {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  /** Where the images come from that the accuracies are of. */
  readonly heldOut?: string;
  /** The command that goes on with it, ready to be pasted. */
  readonly goOn: string;
};

/**
 * Trains on a folder, or on drawings, into a run folder.
 *
 * Everything that can be wrong with the request is found before the run folder is touched.
 *
 * @param request what to do
 * @returns how it went
 * @throws Failure (exit code 2) for a request that cannot be met, (3) for numbers that explode
 */
export async function runPretraining(request: PretrainRequest): Promise<PretrainOutcome> {
  if (request.resume && request.overwrite) {
    throw usageError('--resume and --overwrite exclude each other; give one');
  }
  return request.resume ? resumeRun(request) : newRun(request);
}

async function newRun(request: PretrainRequest): Promise<PretrainOutcome> {
  const { options: asked, out, overwrite, ranks = ALONE } = request;
  const { communicator } = ranks;
  const options = quickStart(asked);
  checkBeginning(options);
  // Without weights to read, what is wrong with the flags is found before a backend starts.
  const early = options.init === undefined ? resolveModel(options) : undefined;
  const folder = runFolder(out ?? defaultRunPath(runLabel(options), new Date()));
  if (communicator.rank === 0) checkNewRun(folder, overwrite);
  const backend = await startBackend({ ...options, share: ranks.threads });
  const beginning = await beginningOf(options);
  const model = early ?? resolveModel(options, beginning?.start);
  const data = await openData({ ...options, seen: () => true }, model.encoder.image);
  return closing(data, async () => {
    const known = await knowImages(data);
    const facts = {
      ...data,
      ...(known && { images: known.identity }),
      ranks: communicator.size,
    };
    const config = resolveRun(placed(options, data), facts, backend.name, beginning);
    expectEffect({ given: asked, config });
    const run = { folder, config, data, backend, resume: false, communicator };
    return writing(run, request, () => createRun(folder, config, known?.marks));
  });
}

async function resumeRun(request: PretrainRequest): Promise<PretrainOutcome> {
  const { options, out, ranks = ALONE } = request;
  const { communicator } = ranks;
  if (out === undefined) throw usageError('--resume needs --out RUN, the run to go on with');
  const folder = runFolder(out);
  const before = readRunConfig(folder, runConfigProblems);
  if (communicator.rank === 0) checkOldRun(folder);
  const asked = layOver(whereImagesAre(before, options), options);
  expectSameRecipe(options, before);
  if (options.init !== undefined && resolve(options.init) !== before.init?.from) {
    throw usageError('--resume goes on with the run as it began; leave --init out');
  }
  const beginning = beginningBefore(before);
  const recipe = recipeBefore(before);
  const model = resolveModel(asked, beginning?.start, recipe);
  const data = await openData({ ...asked, seen: () => true }, model.encoder.image);
  return closing(data, async () => {
    const wanted =
      asked.backend === undefined || asked.backend === 'auto' ? before.backend : asked.backend;
    const { known, notes } = await sameImages(folder, before, data);
    const images = known && { images: known.identity };
    const facts = { ...data, ...images, ranks: communicator.size };
    const now = resolveRun(placed(asked, data), facts, wanted, beginning, recipe);
    const changes = differences(before, now);
    if (changes.length > 0) {
      throw usageError(
        `--resume: the flags or the data differ from the run's config.json; leave the flags out or start a new run\n  ${changes.join('\n  ')}`,
      );
    }
    noteResumed({ given: options, config: before });
    const { data: path, evalData } = now.options;
    const kept = {
      ...before.options,
      ...(path && { data: path }),
      ...(evalData && { evalData }),
    };
    const config = { ...before, ...images, options: kept };
    const machine = { ...asked, backend: before.backend, share: ranks.threads };
    const backend = await startBackend(machine);
    const noted = { ...data, notes: () => [...data.notes(), ...notes] };
    const run = { folder, config, data: noted, backend, resume: true, communicator };
    return writing(run, request, () => rewriteRun(folder, before, config, known?.marks));
  });
}

/** A run keeps its recipe: what is in it may have changed since. */
function expectSameRecipe({ recipe }: Options, before: RunConfig): void {
  const { name } = recipeBefore(before);
  if (recipe === undefined || (recipe === 'paper') === (name === PAPER.name)) return;
  throw usageError(
    `--resume goes on with the run's settings, those of ${name}; leave --recipe out`,
  );
}

async function closing<T>(data: OpenedData, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await data.close();
  }
}

/** Has rank 0 hold the folder and prepare it, and carries the run out. */
async function writing(
  run: Omit<Run, 'signal' | 'goOn'> & Required<Pick<Run, 'communicator'>>,
  request: PretrainRequest,
  prepare: () => Promise<unknown>,
): Promise<PretrainOutcome> {
  const { folder, config, data, communicator } = run;
  expectEvenShares(config, communicator);
  if (communicator.size > 1) expectSameRun(communicator, config, data.length);
  if (communicator.rank > 0) return carryOut(run, request);
  return alone(folder, async () => {
    await prepare();
    return carryOut(run, request);
  });
}

async function carryOut(
  run: Omit<Run, 'signal' | 'goOn'>,
  { stoppable, onEvent }: PretrainRequest,
): Promise<PretrainOutcome> {
  const { folder, config, data } = run;
  const goOn = shellLine(['twocan', 'pretrain', '--resume', '--out', folder.path]);
  const outcome = await stoppable((signal) => train({ ...run, signal, goOn, onEvent }));
  const heldOut = data.evaluation?.heldOut;
  return { ...outcome, folder, config, goOn, ...(heldOut && { heldOut }) };
}
