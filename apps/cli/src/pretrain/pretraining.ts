import type { BackendReport } from '@twocan/backend';
import { runConfigProblems } from '../args/config-file.ts';
import { layOver, type Options } from '../args/options.ts';
import { knnLine } from '../evaluation/knn.ts';
import { type OpenedData, openData } from '../images/datasets.ts';
import { differences, type RunConfig, resolveModel, resolveRun, runLabel } from '../run/config.ts';
import { knowImages, placed, sameImages, whereImagesAre } from '../run/data-identity.ts';
import { alone, interruptible } from '../run/interruptible.ts';
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
import { startBackend } from '../run/start-backend.ts';
import { EXIT, usageError } from '../terminal/failure.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { quickStart } from './quick-start.ts';
import { train } from './train.ts';
import { expectEffect, noteResumed } from './without-effect.ts';

/** What the command was asked to do. */
export type Request = {
  readonly options: Options;
  readonly out?: string;
  readonly resume: boolean;
  readonly overwrite: boolean;
};

/**
 * Runs `twocan pretrain` once the words are parsed.
 *
 * Everything that can be wrong with the request is found before the run folder is touched.
 *
 * @param request what to do
 * @returns the exit code
 */
export async function runPretraining(request: Request): Promise<number> {
  if (request.resume && request.overwrite) {
    throw usageError('--resume and --overwrite exclude each other; give one');
  }
  return request.resume ? resumeRun(request) : newRun(request);
}

async function newRun({ options: asked, out, overwrite }: Request): Promise<number> {
  const options = quickStart(asked);
  const model = resolveModel(options);
  const folder = runFolder(out ?? defaultRunPath(runLabel(options), new Date()));
  checkNewRun(folder, overwrite);
  const backend = await startBackend(options);
  const data = await openData({ ...options, seen: () => true }, model.encoder.image);
  return closing(data, async () => {
    const known = await knowImages(data);
    const facts = { ...data, ...(known && { images: known.identity }) };
    const config = resolveRun(placed(options, data), model, facts, backend.name);
    expectEffect({ given: asked, config });
    return alone(folder, async () => {
      await createRun(folder, config, known?.marks);
      return carryOut(folder, config, data, backend, false);
    });
  });
}

async function resumeRun({ options, out }: Request): Promise<number> {
  if (out === undefined) throw usageError('--resume needs --out RUN, the run to go on with');
  const folder = runFolder(out);
  const before = readRunConfig(folder, runConfigProblems);
  checkOldRun(folder);
  const asked = layOver(whereImagesAre(before, options), options);
  const model = resolveModel(asked);
  const data = await openData({ ...asked, seen: () => true }, model.encoder.image);
  return closing(data, async () => {
    const wanted =
      asked.backend === undefined || asked.backend === 'auto' ? before.backend : asked.backend;
    const { known, notes } = await sameImages(folder, before, data);
    const images = known && { images: known.identity };
    const now = resolveRun(placed(asked, data), model, { ...data, ...images }, wanted);
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
    return alone(folder, async () => {
      const backend = await startBackend({ ...asked, backend: before.backend });
      await rewriteRun(folder, before, config, known?.marks);
      const noted = { ...data, notes: () => [...data.notes(), ...notes] };
      return carryOut(folder, config, noted, backend, true);
    });
  });
}

async function closing(data: OpenedData, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } finally {
    await data.close();
  }
}

async function carryOut(
  folder: RunFolder,
  config: RunConfig,
  data: OpenedData,
  backend: BackendReport,
  resume: boolean,
): Promise<number> {
  const goOn = shellLine(['twocan', 'pretrain', '--resume', '--out', folder.path]);
  const { finished, knn } = await interruptible((signal) =>
    train({ folder, config, data, backend, resume, signal, goOn }),
  );
  if (!finished) {
    console.error(`saved; go on with: ${goOn}`);
    return EXIT.interrupted;
  }
  console.log(`run: ${folder.path}`);
  const { evaluation } = data;
  if (knn && evaluation) console.log(knnLine(knn, evaluation.heldOut));
  return EXIT.done;
}
