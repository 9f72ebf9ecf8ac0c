import { resolve } from 'node:path';
import { expectOptions, expectType } from '@twocan/core';
import type { PretrainEvent } from '@twocan/pretrain';
import { onlyOneLength } from '../args/options.ts';
import { runSettings } from '../commands/pretrain.ts';
import type { KnnComparison } from '../evaluation/knn.ts';
import type { RunConfig } from '../run/config.ts';
import { call, type OptionsOf } from './call.ts';

/** The settings of `twocan pretrain`, and how code takes part in the run. */
export type PretrainOptions = OptionsOf<typeof runSettings> & {
  /** Stops the run between two steps, after a checkpoint. */
  readonly signal?: AbortSignal;
  /** Called with each event of the run once it is written; the run waits for it. States are borrowed. */
  readonly onEvent?: (event: PretrainEvent) => unknown;
};

/** How a run went. */
export type PretrainResult = {
  /** The run folder: a `model` for every other function. */
  readonly run: string;
  readonly config: RunConfig;
  /** False where the signal ended it: `resume` goes on. */
  readonly finished: boolean;
  /** Top-1 accuracies of nearest neighbours in [0, 1]; absent where classes are not known. */
  readonly knn?: KnnComparison;
};

/**
 * Trains an encoder on a folder of images, or on drawings, into a run folder: `twocan pretrain`.
 *
 * @param options settings of the run; without `data` it is the quick start
 * @returns the run folder, and the accuracies with both baselines
 * @throws RangeError for options, images or a folder that cannot be used; an error with code
 *   `NON_FINITE` where numbers stop being finite
 * @example
 * const { run, knn } = await pretrain({ data: 'photos', preset: 'tiny64', epochs: 100 });
 */
export async function pretrain(options: PretrainOptions = {}): Promise<PretrainResult> {
  expectOptions('pretrain', 'options', options, []);
  const { signal = new AbortController().signal, onEvent, ...rest } = options;
  expectType('pretrain', 'signal', signal, AbortSignal);
  if (onEvent !== undefined) expectType('pretrain', 'onEvent', onEvent, 'function');
  return call('pretrain', runSettings, rest, async ({ resume, overwrite }, given) => {
    const { out, resume: _, overwrite: __, ...settings } = given;
    onlyOneLength(settings);
    const { runPretraining } = await import('../pretrain/pretraining.ts');
    const { folder, config, finished, knn } = await runPretraining({
      options: settings,
      resume,
      overwrite,
      onEvent,
      ...(out !== undefined && { out }),
      stoppable: (work) => work(signal),
    });
    return { run: resolve(folder.path), config, finished, ...(knn && { knn }) };
  });
}
