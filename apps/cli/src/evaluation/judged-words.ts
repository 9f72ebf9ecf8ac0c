import type { Flags } from '../args/help.ts';
import { machineOf } from '../args/machine.ts';
import type { Words } from '../args/options.ts';
import { choiceOr, MODEL_FLAGS, numberOr, required } from '../args/words.ts';
import type { Question } from './judging.ts';

/** Options of every command with a model and labelled images. */
export const LABELLED_FLAGS: Flags = {
  ...MODEL_FLAGS,
  data: {
    type: 'string',
    valueHint: 'DIR',
    description: 'Images in one folder a class; beside DIR/train, DIR/test is held out',
  },
  json: { type: 'boolean', description: 'Print numbers as JSON' },
};

/** Options of every command that judges a trained encoder on labelled images. */
export const JUDGED_FLAGS: Flags = {
  ...LABELLED_FLAGS,
  features: {
    type: 'string',
    valueHint: 'patches|cls|both',
    description: "Mean of the patch tokens, class token, or both; default the method's, patches",
  },
  limit: {
    type: 'string',
    valueHint: 'N',
    description: 'Images to learn from, and to judge, at most; default all',
  },
};

/** The seed of a judgement that draws something. */
export const SEED: Flags = {
  seed: { type: 'string', valueHint: 'N', description: 'Seed of all random numbers; default 0' },
};

/**
 * What {@link JUDGED_FLAGS} ask.
 *
 * @param words the words of the command line
 * @returns the question
 * @throws Failure (exit code 2) for a word that is missing or out of range
 */
export function questionOf(words: Words): Question {
  const pool = choiceOr(words, 'features', ['patches', 'cls', 'both'] as const, undefined);
  const limit = numberOr(words, 'limit', undefined, { min: 1, whole: true });
  return {
    model: required(words, 'model', 'a run folder or a checkpoint'),
    data: required(words, 'data', 'a folder with one folder a class'),
    ...(pool === undefined ? {} : { pool }),
    ...(limit === undefined ? {} : { limit }),
    json: words.json === true,
    machine: machineOf(words),
  };
}
