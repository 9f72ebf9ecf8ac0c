import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '@twocan/checkpoint/node';
import type { Options } from '../args/options.ts';
import { checkFolder } from '../files/outputs.ts';
import { expectEffect } from '../pretrain/without-effect.ts';
import { resolveRun } from '../run/config.ts';
import { placed } from '../run/data-identity.ts';
import { interruptible } from '../run/interruptible.ts';
import { EXIT, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { shellLine } from '../terminal/shell-line.ts';
import { baselinesOf } from './baselines.ts';
import { writeConfigs } from './configs.ts';
import { needsOfResults, outputsOf } from './outputs.ts';
import { planRuns } from './plan.ts';
import { carryOutAll, type Failed } from './processes/carry-out-all.ts';
import { resultOf, stateOf } from './processes/one-run.ts';
import { openCommon } from './processes/open.ts';
import type { AblationRequest } from './request.ts';

/**
 * Trains and measures every row of a grid, writing the table anew after each run.
 *
 * What is there already is kept: a run that was measured is not repeated, one that was interrupted
 * goes on from its checkpoint. A run that fails does not stop the others.
 *
 * @param request grid, settings that all rows share, seeds and budgets
 * @returns the exit code
 * @throws Failure (exit code 2) for data without classes, or a folder of an ablation of other settings
 */
export async function ablate(request: AblationRequest): Promise<number> {
  const { rows, budgets, jobs } = request;
  // Rows change the method's own values; no recipe was measured for them.
  const given: Options = { recipe: 'paper', ...request.base };
  const out = resolve(request.out);
  checkPlace(out);
  if (request.configs !== undefined) checkFolder('--configs', resolve(request.configs));
  const goOn = shellLine(['twocan', ...process.argv.slice(2)]);
  const common = await openCommon(given);
  const { backend, data } = common;
  try {
    const base = placed(given, data);
    const config = resolveRun(base, data, backend.name);
    expectEffect({ given, config });
    const seeds = Array.from({ length: request.seeds }, (_, i) => config.seed + i);
    const { steps, batch } = config;
    const plan = planRuns(rows, base, { steps, batch, seeds, budgets });
    const runs = plan.runs.map((run) => ({ run, state: stateOf(run, out, common) }));
    const results = Object.fromEntries(
      runs.flatMap(({ run, state: { folder, config: own, measures } }) =>
        measures === undefined ? [] : [[run.name, resultOf(folder, own, measures)]],
      ),
    );
    if (request.planOnly) return showNeeds(needsOfResults(results, { ...request, plan }).text, out);
    const done = Object.keys(results).length;
    if (done > 0) message(`${done} of ${runs.length} runs are done`);
    makeFolder(join(out, 'runs'));
    const configOf = new Map(runs.map(({ run, state }) => [run.name, state.config]));
    const rowRuns = plan.cells.flatMap((cell) => {
      const first = configOf.get(cell.runs[0] ?? '');
      return first === undefined ? [] : [{ cell, config: first }];
    });
    await writeConfigs(resolve(request.configs ?? join(out, 'configs')), rowRuns, given);
    const baselines = await baselinesOf(out, config, data.evaluation);
    const about = `${config.preset} on ${data.length} images of ${data.source}, batch ${batch}, ${steps} steps of the whole method, backend ${backend.name}; measured on ${data.evaluation.test.length} ${data.evaluation.heldOut}.`;
    const write = outputsOf(out, { ...request, base: given, baselines, about, plan });
    const threads = base.threads ?? Math.max(1, Math.floor(availableParallelism() / jobs));
    const ended = await interruptible((signal) =>
      carryOutAll(
        runs.filter(({ state }) => state.measures === undefined),
        { jobs, out, goOn, signal, common, base: jobs === 1 ? base : { ...base, threads } },
        async ({ run, state }, measures) => {
          results[run.name] = resultOf(state.folder, state.config, measures);
          await write(results);
        },
      ),
    );
    const table = await write(results);
    if (ended.interrupted) {
      console.error(`saved; the same command goes on: ${goOn}`);
      return EXIT.interrupted;
    }
    console.log(table);
    console.log(`table and plots: ${join(out, 'ablation.md')}, .json, .html`);
    return failed(ended.failed, runs.length);
  } finally {
    await data.close();
  }
}

/** A folder that is not empty must be of an ablation, which has its runs from the start. */
function checkPlace(out: string): void {
  checkFolder('--out', out);
  if (!existsSync(out) || existsSync(join(out, 'runs')) || readdirSync(out).length === 0) return;
  throw usageError(`--out ${out} is not empty and holds no ablation; choose another folder`);
}

/** Prints what a difference needs; nothing is written. */
function showNeeds(needs: readonly string[], out: string): number {
  if (needs.length === 0) {
    throw usageError(
      `--plan needs two seeds of rows with a claim, and --out ${out} has none yet; train a pilot first: the same command without --plan and with --seeds 3`,
    );
  }
  console.log(needs.join('\n\n'));
  return EXIT.done;
}

/** What to do about runs that failed, of which each has said why. */
function failed(failures: readonly Failed[], all: number): number {
  const [first] = failures;
  if (first === undefined) return EXIT.done;
  console.error(
    `twocan: ${failures.length} of ${all} runs failed, the first: ${first.name} (${first.words.split('\n')[0]}); the same command tries them again`,
  );
  return first.code;
}
