import { join } from 'node:path';
import type { CanParams } from '@twocan/can';
import { disposeTree, expectOptions } from '@twocan/core';
import { setting, text } from '@twocan/pretrain/settings';
import { BACKEND } from '../args/machine.ts';
import type { RunConfig } from '../run/config.ts';
import type { MetricsLine } from '../run/metrics-file.ts';
import { call, type OptionsOf } from './call.ts';

/** A run or a checkpoint that is open. */
export type OpenedRun = {
  /** The checkpoint's file. */
  readonly checkpoint: string;
  readonly step: number;
  readonly config: RunConfig;
  /** The weights, on the backend that is current. */
  readonly params: CanParams;
  /** The lines of metrics.jsonl in order; none for a checkpoint outside of a run. */
  readonly metrics: readonly MetricsLine[];
  /** Frees the weights. */
  readonly dispose: () => void;
};

const settings = {
  model: setting(text, { text: 'A run or a checkpoint', needed: true }),
  ...BACKEND,
};

/**
 * Opens a run folder (its newest readable checkpoint), or a checkpoint file.
 *
 * @param model the path
 * @param options the backend that holds the weights
 * @returns config, weights and metrics
 * @throws RangeError where there is no checkpoint of twocan
 * @example
 * const run = await openRun('runs/photos');
 * console.log(run.step, run.config.preset);
 * run.dispose();
 */
export async function openRun(
  model: string,
  options: Omit<OptionsOf<typeof settings>, 'model'> = {},
): Promise<OpenedRun> {
  expectOptions('openRun', 'options', options, []);
  return call('openRun', settings, { ...options, model }, async (values) => {
    const { startBackend } = await import('../run/start-backend.ts');
    const { checkModelPath, openModel } = await import('../run/open-model.ts');
    const { readMetrics } = await import('../run/metrics-file.ts');
    checkModelPath(model, `--model ${model}`);
    await startBackend(values);
    const { path, step, config, params } = await openModel(model);
    const metrics = readMetrics(join(model, 'metrics.jsonl'));
    return { checkpoint: path, step, config, params, metrics, dispose: () => disposeTree(params) };
  });
}
