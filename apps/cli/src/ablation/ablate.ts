import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder, writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import { atMost } from '@twocan/data';
import type { FileMark } from '@twocan/data/node';
import { freshParams } from '@twocan/pretrain';
import { runConfigProblems } from '../args/config-file.ts';
import type { Options } from '../args/options.ts';
import { checkFolder } from '../files/outputs.ts';
import { type LabelledData, openLabelled } from '../images/datasets.ts';
import { EVERY, type Evaluation, MOST } from '../images/evaluation-sets.ts';
import type { Run } from '../pretrain/run.ts';
import { train } from '../pretrain/train.ts';
import { expectEffect } from '../pretrain/without-effect.ts';
import { differences, type RunConfig, resolveModel, resolveRun } from '../run/config.ts';
import { knowImages, placed } from '../run/data-identity.ts';
import { alone, interruptible } from '../run/interruptible.ts';
import { openModel } from '../run/open-model.ts';
import { createRun, readRunConfig, runFolder } from '../run/run-folder.ts';
import { startBackend } from '../run/start-backend.ts';
import { EXIT, usageError } from '../terminal/failure.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { testClaims } from './claims.ts';
import type { Row } from './grid.ts';
import { type Baselines, linesOf } from './lines.ts';
import { type Measures, measureEncoder, measurePixels } from './measure.ts';
import { ablationPage } from './page.ts';
import { type Budget, type PlannedRun, planRuns } from './plan.ts';
import { markdownOf } from './table.ts';

/** Options of `twocan ablate`. */
export type AblationRequest = {
  readonly grid: string;
  readonly rows: readonly Row[];
  readonly base: Options;
  readonly seeds: number;
  readonly budgets: readonly Budget[];
  readonly out: string;
};

/** Labelled data whose files are known again. */
type KnownData = LabelledData & { readonly marks?: readonly FileMark[] };

/**
 * Trains and measures every row of a grid, writing the table anew after each run.
 *
 * What is there already is kept: a run that was measured is not repeated, one that was interrupted
 * goes on from its checkpoint.
 *
 * @param request grid, settings that all rows share, seeds and budgets
 * @returns the exit code
 * @throws Failure (exit code 2) for data without classes, or a folder of an ablation of other settings
 */
export async function ablate(request: AblationRequest): Promise<number> {
  const { rows, budgets } = request;
  // Rows change the method's own values; no recipe was measured for them.
  const base: Options = { recipe: 'paper', ...request.base };
  const out = resolve(request.out);
  checkPlace(out);
  const model = resolveModel(base);
  const backend = await startBackend(base);
  const goOn = shellLine(['twocan', ...process.argv.slice(2)]);
  const opened = await openLabelled(
    { ...base, most: EVERY, seen: () => true },
    model.encoder.image,
  );
  try {
    const known = await knowImages(opened);
    const data: KnownData = {
      ...opened,
      ...(known && { images: known.identity, marks: known.marks }),
    };
    const shared = placed(base, data);
    const config = resolveRun(shared, data, backend.name);
    expectEffect({ given: base, config });
    const seeds = Array.from({ length: request.seeds }, (_, i) => config.seed + i);
    const { steps, batch } = config;
    const plan = planRuns(rows, shared, { steps, batch, seeds, budgets });
    makeFolder(join(out, 'runs'));
    const baselines = await baselinesOf(out, config, data.evaluation);
    const about = `${config.preset} on ${data.length} images of ${data.source}, batch ${batch}, ${steps} steps of the whole method, backend ${backend.name}; measured on ${data.evaluation.test.length} ${data.evaluation.heldOut}.`;
    const results: Record<string, Measures> = {};
    const write = async (): Promise<void> => {
      const lines = linesOf(plan.cells, results);
      const claims = testClaims(lines);
      const all = { grid: request.grid, about, base, baselines, lines, claims };
      await writeFileAtomic(join(out, 'ablation.json'), JSON.stringify(all, null, 2));
      await writeFileAtomic(join(out, 'ablation.md'), markdownOf(lines, baselines, about));
      await writeFileAtomic(join(out, 'ablation.html'), ablationPage(lines, baselines, about));
    };
    const finished = await interruptible(async (signal) => {
      for (const [i, run] of plan.runs.entries()) {
        console.error(`run ${i + 1} of ${plan.runs.length}: ${run.name}`);
        const measures = await measured(run, { out, data, backend, signal, goOn });
        if (measures === undefined) return false;
        results[run.name] = measures;
        await write();
      }
      return true;
    });
    if (!finished) {
      console.error(`saved; the same command goes on: ${goOn}`);
      return EXIT.interrupted;
    }
    console.log(markdownOf(linesOf(plan.cells, results), baselines, about));
    console.log(`table and plots: ${join(out, 'ablation.md')}, .json, .html`);
    return EXIT.done;
  } finally {
    await opened.close();
  }
}

/** A folder that is not empty must be of an ablation, which has its runs from the start. */
function checkPlace(out: string): void {
  checkFolder('--out', out);
  if (!existsSync(out) || existsSync(join(out, 'runs')) || readdirSync(out).length === 0) return;
  throw usageError(`--out ${out} is not empty and holds no ablation; choose another folder`);
}

/** What all runs of an ablation have in common. */
type Shared = Pick<Run, 'backend' | 'signal' | 'goOn'> & {
  readonly out: string;
  readonly data: KnownData;
};

/** The measures of a run, which is trained first if need be; undefined if it was interrupted. */
async function measured(
  { name, options }: PlannedRun,
  { out, data, backend, signal, goOn }: Shared,
): Promise<Measures | undefined> {
  const folder = runFolder(join(out, 'runs', name));
  const config = resolveRun(options, data, backend.name);
  const begun = existsSync(folder.config);
  if (begun) refuseOther(readRunConfig(folder, runConfigProblems), config, name);
  const path = join(folder.path, 'measures.json');
  const known = read<Measures>(path);
  if (known !== undefined) return known;
  const finished = await alone(folder, async () => {
    if (!begun) await createRun(folder, config, data.marks);
    const run = { folder, config, data: judgedQuickly(data), backend, resume: begun, signal, goOn };
    return (await train(run)).finished;
  });
  if (!finished) return undefined;
  const { params } = await openModel(folder.path);
  try {
    return await remembered(path, () => measureEncoder(config, params, data.evaluation));
  } finally {
    disposeTree(params);
  }
}

function refuseOther(before: RunConfig, now: RunConfig, name: string): void {
  const changes = differences(before, now);
  if (changes.length === 0) return;
  throw usageError(
    `--out holds the ablation of other settings (${name}); give them again, or another folder\n  ${changes.join('\n  ')}`,
  );
}

/** Fewer pictures are evaluated while a run goes on, and all of them at its end. */
function judgedQuickly(data: LabelledData): LabelledData {
  const { train: all, test } = data.evaluation;
  const evaluation = {
    ...data.evaluation,
    train: atMost(all, MOST.train),
    test: atMost(test, MOST.test),
  };
  return { ...data, evaluation };
}

/** Measured once for a model and some images: those of others are not taken for them. */
async function baselinesOf(
  out: string,
  config: RunConfig,
  evaluation: Evaluation,
): Promise<Baselines> {
  const { model, seed, normalization, data, images } = config;
  const of = { model, seed, normalization, images: images ?? data };
  const path = join(out, 'baselines.json');
  const { of: about, ...known } = read<Baselines & { readonly of?: unknown }>(path) ?? {};
  if (JSON.stringify(about) === JSON.stringify(of)) return known as Baselines;
  const baselines = await measureBaselines(config, evaluation);
  await writeFileAtomic(path, `${JSON.stringify({ ...baselines, of })}\n`);
  return baselines;
}

async function measureBaselines(config: RunConfig, evaluation: Evaluation): Promise<Baselines> {
  const untrained = freshParams(config);
  try {
    return {
      rawPixels: await measurePixels(config, evaluation),
      untrained: await measureEncoder(config, untrained, evaluation),
    };
  } finally {
    disposeTree(untrained);
  }
}

/** What a file holds, or else what is computed and then kept there. */
async function remembered<T>(path: string, compute: () => Promise<T>): Promise<T> {
  const known = read<T>(path);
  if (known !== undefined) return known;
  const value = await compute();
  await writeFileAtomic(path, `${JSON.stringify(value)}\n`);
  return value;
}

const read = <T>(path: string): T | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
