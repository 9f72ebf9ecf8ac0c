import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder, removeEmptyFolders, writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import type { Machine } from '../args/machine.ts';
import { isFolder } from '../files/is-folder.ts';
import { checkFolder } from '../files/outputs.ts';
import { isPlace } from '../files/path-names.ts';
import { isData } from '../files/shard-paths.ts';
import { openData } from '../images/datasets.ts';
import { isSamePlace } from '../images/layout/same-place.ts';
import type { KeptWeights } from '../run/kept-weights.ts';
import { knnResult } from '../run/knn-result.ts';
import { checkModelPath, type OpenedModel, openModel } from '../run/open-model.ts';
import { startBackend } from '../run/start-backend.ts';
import { reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { modelCard } from './card.ts';
import { type Cost, type Measured, measureExport } from './cost.ts';
import { filesFor } from './files.ts';
import { ABOUT, type Dtype, type Target } from './targets.ts';
import { type ExportedModel, exportedModel } from './weights.ts';

/** A run, who is to open it, and where it goes. */
export type ExportRequest = Machine & {
  readonly model: string;
  readonly to: Target;
  readonly out: string;
  readonly dtype?: Dtype;
  /** Of a run that kept an average. */
  readonly weights?: KeptWeights;
  /** Images to measure on. */
  readonly data?: string;
};

/** What was written. */
export type Exported = {
  /** The folder, as an absolute path. */
  readonly out: string;
  /** Its files, with slashes. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly measured?: Measured;
  readonly cost?: Cost;
};

/** Images for a look at what smaller numbers cost, where none were named. */
const FEW = { train: 500, test: 100 } as const;

/**
 * Writes a folder that another program opens with its own standard call.
 *
 * @param request run, target, folder, and images to measure on
 * @returns the files, and what was measured
 * @throws Failure (exit code 2) for a model, target or folder that cannot be used
 */
export async function exportFolder(request: ExportRequest): Promise<Exported> {
  const { to, out, weights } = request;
  const dtype = dtypeOf(request);
  checkNewFolder(out);
  checkModelPath(request.model, request.model);
  await startBackend(request);
  const opened = await openModel(request.model, request.model, { weights });
  try {
    const exported = await exportedModel(opened.config, opened.params);
    const found = await measured(request, opened, exported, dtype);
    const knn = knnResult(request.model, opened.config);
    const name = basename(resolve(out));
    const { config: run, step } = opened;
    const { averaged } = opened;
    const facts = { ...{ target: to, dtype, name, run, exported, step, averaged }, ...found, knn };
    const card = { path: 'README.md', content: () => modelCard(facts) };
    const written = await writeFolder(out, [card, ...filesFor(to, exported, dtype)]);
    return { out: resolve(out), ...written, ...found };
  } finally {
    disposeTree(opened.params);
  }
}

function dtypeOf({ to, dtype }: ExportRequest): Dtype {
  const { dtypes } = ABOUT[to];
  const [usual = 'fp32'] = dtypes;
  if (dtype === undefined || dtypes.includes(dtype)) return dtype ?? usual;
  // Its fp32 file is always there.
  if (to === 'transformers.js') return usual;
  throw usageError(`--dtype ${dtype} is not for --to ${to}; give one of ${dtypes.join(', ')}`);
}

async function measured(
  { data, to, cache, cacheDir, cacheDirSize }: ExportRequest,
  { config }: OpenedModel,
  exported: ExportedModel,
  dtype: Dtype,
): Promise<{ readonly measured?: Measured; readonly cost?: Cost }> {
  if (data === undefined && dtype === 'fp32') return {};
  if (data === undefined && isPlace(config.data) && !isData(config.data)) {
    message(`what ${dtype} costs is not measured: ${config.data} is not there; give --data`);
    return {};
  }
  const images = await openData(
    {
      data: data ?? config.data,
      ...(data === undefined && { most: FEW }),
      ...{ cache, cacheDir, cacheDirSize },
      seen: (source) => isSamePlace(source, config.data),
    },
    config.model.encoder.image,
  );
  try {
    if (data !== undefined) for (const note of images.notes()) message(note);
    return await measureExport(config, exported, images, {
      target: to,
      dtype,
      probe: data !== undefined,
    });
  } finally {
    await images.close();
  }
}

function checkNewFolder(out: string): void {
  checkFolder('--out', out);
  if (!existsSync(out)) return;
  if (!isFolder(out)) throw usageError(`--out ${out} is a file; give a folder`);
  if (readdirSync(out).length === 0) return;
  throw usageError(`--out ${out} is not empty; give a folder that is new or empty`);
}

/** All files, or none: they are made in a folder beside it, which then gets its name. */
async function writeFolder(
  out: string,
  files: ReturnType<typeof filesFor>,
): Promise<Pick<Exported, 'files' | 'bytes'>> {
  const path = resolve(out);
  const made = makeFolder(dirname(path));
  const beside = join(dirname(path), `.twocan-${randomUUID()}.tmp`);
  let bytes = 0;
  try {
    for (const file of files) {
      const content = file.content();
      bytes += Buffer.byteLength(content);
      const place = join(beside, file.path);
      makeFolder(dirname(place));
      await writeFileAtomic(place, content);
    }
    if (existsSync(path)) rmdirSync(path);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    removeEmptyFolders(made);
    if (error instanceof RangeError) throw usageError(reasonOf(error), error);
    throw error;
  }
  return { files: files.map((file) => file.path), bytes };
}
