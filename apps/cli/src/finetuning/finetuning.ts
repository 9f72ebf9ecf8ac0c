import type { Given, Values } from '@twocan/pretrain/settings';
import { writtenFlag } from '../args/flag-name.ts';
import { checkOutput } from '../files/outputs.ts';
import { usageError } from '../terminal/failure.ts';
import {
  type FinetuneOutcome,
  type FinetuneRequest,
  finetune,
  resumeFinetune,
} from './finetune.ts';
import { type FinetuneSettings, recipeOf } from './settings.ts';

/**
 * Begins a classifier, or goes on with one.
 *
 * @param values the settings of `twocan finetune`
 * @param given those that were given
 * @param stoppable does the training with a signal that stops it
 * @returns what it reaches, or that the signal ended it
 * @throws Failure (exit code 2) for settings that do not go together, or images that cannot be used
 */
export async function runFinetuning(
  values: Values<FinetuneSettings>,
  given: Given<FinetuneSettings>,
  stoppable: FinetuneRequest['stoppable'],
): Promise<FinetuneOutcome> {
  const { model, init, preset, data, out, resume } = values;
  const { out: _, ...others } = values;
  checkOutput(others, { flag: 'confusion', endings: ['.png'] });
  if (resume) {
    checkResume(Object.keys(given));
    if (out === undefined)
      throw usageError('--resume needs --out DIR, the classifier to go on with');
    return resumeFinetune({ ...values, out, stoppable });
  }
  if ([model, init, preset].filter((one) => one !== undefined).length !== 1) {
    throw usageError('give one of --model RUN, --init DIR and --preset NAME (from scratch)');
  }
  if (data === undefined) throw usageError('--data is needed: images in one folder a class');
  const recipeFor = (images: number) => recipeOf(values, images);
  return finetune({ ...values, data, sizes: values, recipeFor, stoppable });
}

const WITH_RESUME = 'resume out data confusion threads cache cacheDir cacheDirSize'.split(' ');

/** What a run is does not change while it goes on. */
function checkResume(names: readonly string[]): void {
  const others = names.filter((name) => !WITH_RESUME.includes(name));
  if (others.length === 0) return;
  throw usageError(
    `--resume takes all settings from the folder's finetune.json; leave out ${others.map(writtenFlag).join(', ')}`,
  );
}
