import {
  type Given,
  methodSettings,
  pretrainSettings,
  type Schema,
  type Settings,
  setting,
  TRAINING,
  text,
  VIEWS,
} from '@twocan/pretrain/settings';
import { usageError } from '../terminal/failure.ts';
import { MACHINE } from './machine.ts';
import { INIT } from './model.ts';

const group = 'Data';

/** The image folder of a run of its own, or drawings. */
const hint = 'DIR|shapes[:N]';

/** The folder that a run is evaluated on. */
export const EVAL_DATA = {
  evalData: setting(text, {
    group,
    hint: 'DIR',
    usual: 'those of --data',
    text: 'One folder a class, for k-NN at every checkpoint',
  }),
};

/**
 * Every setting of `twocan pretrain`: flags, help, config files and their schema are all made of it.
 */
export const SETTINGS = {
  data: setting(text, {
    group,
    hint,
    usual: 'a quick start on drawings',
    text: 'Folder of images (any nesting), tar shards, or built-in drawings',
  }),
  ...EVAL_DATA,
  ...pretrainSettings,
  init: setting(text, { group: 'Model and method', ...INIT }),
  ...MACHINE,
} satisfies Schema;

const { method: _, ...WITHOUT_METHOD } = methodSettings(['can']);
// Rows are compared at equal cost a step, which is counted for one batch in one piece.
const { accumulate: __, microBatch: ___, ...OF_ONE_BATCH } = TRAINING;

/** What all rows of an ablation share: the rows say which losses there are. */
export const SHARED = {
  data: setting(text, {
    group,
    hint,
    needed: true,
    text: 'Folder of images, one folder a class, or built-in drawings',
  }),
  ...EVAL_DATA,
  ...VIEWS,
  ...WITHOUT_METHOD,
  ...OF_ONE_BATCH,
  ...MACHINE,
} satisfies Schema;

/** Settings of a run; those that the user left out are absent. */
export type Options = Given<typeof SETTINGS>;

/**
 * The options that change what is computed: not where the data lie, nor what computes.
 *
 * @param options the flags
 * @returns those of them that are settings of `@twocan/pretrain`
 */
export const onlySettings = (options: Options): Settings =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(pretrainSettings, name)),
  );

/**
 * Refuses a run whose length is given twice.
 *
 * @param options the options
 * @param names how their source calls the two, for the error
 * @returns the options
 * @throws Failure (exit code 2)
 */
export function onlyOneLength<O extends Pick<Options, 'epochs' | 'steps'>>(
  options: O,
  names = '--epochs and --steps',
): O {
  if (options.epochs === undefined || options.steps === undefined) return options;
  throw usageError(`${names} exclude each other; give one`);
}

/**
 * Lays some options over others; `--steps` on top replaces `--epochs` below, and the other way round.
 *
 * @param below what holds where the upper ones say nothing
 * @param above what wins
 * @returns both
 */
export function layOver(below: Options, above: Options): Options {
  const { epochs: _, steps: __, ...rest } = below;
  const saysLength = above.epochs !== undefined || above.steps !== undefined;
  return { ...(saysLength ? rest : below), ...above };
}
