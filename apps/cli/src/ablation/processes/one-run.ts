import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import { atMost } from '@twocan/data';
import { runConfigProblems } from '../../args/config-file.ts';
import type { LabelledData } from '../../images/datasets.ts';
import { MOST } from '../../images/evaluation-sets.ts';
import { train } from '../../pretrain/train.ts';
import { differences, type RunConfig, resolveRun } from '../../run/config.ts';
import { alone } from '../../run/interruptible.ts';
import { readMetrics } from '../../run/metrics-file.ts';
import { openModel } from '../../run/open-model.ts';
import { createRun, type RunFolder, readRunConfig, runFolder } from '../../run/run-folder.ts';
import { usageError } from '../../terminal/failure.ts';
import { courseOf, millisOf } from '../course.ts';
import { readJson } from '../json-file.ts';
import type { Result } from '../lines.ts';
import { type Measures, measureEncoder } from '../measure.ts';
import type { PlannedRun } from '../plan.ts';
import type { Common } from './open.ts';

/** A run of an ablation and where it stands. */
export type RunState = {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  /** Whether its folder is there, and training goes on from its checkpoint. */
  readonly begun: boolean;
  /** Its accuracies, once it is trained and measured. */
  readonly measures?: Measures;
};

const measuresOf = (folder: RunFolder): string => join(folder.path, 'measures.json');

/**
 * Looks at the folder of a run.
 *
 * @param run what was planned
 * @param out the folder of the ablation
 * @param common backend and data
 * @returns where it stands
 * @throws Failure (exit code 2) where the folder holds a run of other settings
 */
export function stateOf(
  { name, options }: PlannedRun,
  out: string,
  { backend, data }: Common,
): RunState {
  const folder = runFolder(join(out, 'runs', name));
  const config = resolveRun(options, data, backend.name);
  const begun = existsSync(folder.config);
  if (begun) refuseOther(readRunConfig(folder, runConfigProblems), config, name);
  const measures = begun ? readJson<Measures>(measuresOf(folder)) : undefined;
  return { folder, config, begun, ...(measures && { measures }) };
}

function refuseOther(before: RunConfig, now: RunConfig, name: string): void {
  const changes = differences(before, now);
  if (changes.length === 0) return;
  throw usageError(
    `--out holds the ablation of other settings (${name}); give them again, or another folder\n  ${changes.join('\n  ')}`,
  );
}

/**
 * Trains a run from where it stands, and measures it.
 *
 * @param state of the run
 * @param common backend and data
 * @param how.signal stops it between two steps, after a checkpoint
 * @param how.goOn the command that goes on with the ablation
 * @returns its accuracies, which are kept in its folder; undefined if it was stopped
 */
export async function carryOut(
  { folder, config, begun, measures }: RunState,
  { backend, data }: Common,
  { signal, goOn }: { readonly signal: AbortSignal; readonly goOn: string },
): Promise<Measures | undefined> {
  if (measures !== undefined) return measures;
  const finished = await alone(folder, async () => {
    if (!begun) await createRun(folder, config, data.marks);
    const run = { folder, config, data: judgedQuickly(data), backend, resume: begun, signal, goOn };
    return (await train(run)).finished;
  });
  if (!finished) return undefined;
  const { params } = await openModel(folder.path);
  try {
    const measured = await measureEncoder(config, params, data.evaluation);
    await writeFileAtomic(measuresOf(folder), `${JSON.stringify(measured)}\n`);
    return measured;
  } finally {
    disposeTree(params);
  }
}

/**
 * What the table takes from a run.
 *
 * @param folder of the run, for its metrics
 * @param config of the run
 * @param measures its accuracies
 * @returns both together
 */
export function resultOf(folder: RunFolder, config: RunConfig, measures: Measures): Result {
  const lines = readMetrics(folder.metrics);
  return { ...measures, course: courseOf(lines, config.model), millis: millisOf(lines) };
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
