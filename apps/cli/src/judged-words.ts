import type { Pooling } from './features.ts';
import type { Flags } from './help.ts';
import type { Words } from './options.ts';
import { choiceOr, MODEL_FLAGS } from './words.ts';

/** Options of every command that judges a trained encoder on labelled images. */
export const JUDGED_FLAGS: Flags = {
  ...MODEL_FLAGS,
  data: {
    type: 'string',
    valueHint: 'DIR',
    description: 'Images in one folder a class; beside DIR/train, DIR/test is held out',
  },
  features: {
    type: 'string',
    valueHint: 'patches|cls|both',
    description: "Mean of the patch tokens, class token, or both; default the method's, patches",
  },
  json: { type: 'boolean', description: 'Print numbers as JSON' },
};

/** The seed of a judgement that draws something. */
export const SEED: Flags = {
  seed: { type: 'string', valueHint: 'N', description: 'Of everything random; default 0' },
};

/**
 * The tokens that `--features` asks for.
 *
 * @param words the words of the command line
 * @returns nothing where nothing was said
 * @throws Failure (exit code 2) for another word
 */
export function poolOf(words: Words): { readonly pool?: Pooling } {
  const pool = choiceOr(words, 'features', ['patches', 'cls', 'both'] as const, undefined);
  return pool === undefined ? {} : { pool };
}
