import { expectOptions, expectType } from '@twocan/core';
import type { FinetuneScores } from '../finetuning/finetune.ts';
import { FINETUNE } from '../finetuning/settings.ts';
import { call, type OptionsOf } from './call.ts';

const { json: _, perClass: __, ...settings } = FINETUNE;

/** The settings of `twocan finetune`, and a signal. */
export type FinetuneOptions = OptionsOf<typeof settings> & {
  /** Stops the training between two steps, after a checkpoint where there is an `out`. */
  readonly signal?: AbortSignal;
};

/**
 * Trains encoder and head on a labelled folder: `twocan finetune`.
 *
 * @param options where to begin, folder and recipe
 * @returns what they reach on held-out images; nothing where the signal ended it
 * @throws RangeError for options, images or a folder that cannot be used; an error with code
 *   `NON_FINITE` where numbers stop being finite
 * @example
 * const result = await finetune({ model: 'runs/photos', data: 'photos', out: 'finetuned' });
 * console.log(result?.accuracy);
 */
export async function finetune(options: FinetuneOptions): Promise<FinetuneScores | undefined> {
  expectOptions('finetune', 'options', options, []);
  const { signal = new AbortController().signal, ...rest } = options;
  expectType('finetune', 'signal', signal, AbortSignal);
  return call('finetune', settings, rest, async (values, given) => {
    const { runFinetuning } = await import('../finetuning/finetuning.ts');
    const outcome = await runFinetuning(values, given, (work) => work(signal));
    return outcome.finished ? outcome.result : undefined;
  });
}
