import { noRate, type Rule } from '../pretrain/without-effect.ts';
import type { FinetuneRecipe } from './plan.ts';

/** A fine-tuning that is about to begin. */
export type PlannedFinetune = {
  readonly recipe: FinetuneRecipe;
  readonly out?: string;
  readonly overwrite: boolean;
};

/** What a fine-tuning is held against: whether it can learn, and whether each option does something. */
export const FINETUNE_RULES: readonly Rule<PlannedFinetune>[] = [
  ({ recipe }) => noRate(recipe.learningRate),
  ({ recipe: { epochs, warmupEpochs } }) =>
    warmupEpochs > epochs
      ? {
          refuse: `--warmup-epochs ${warmupEpochs} is longer than the ${epochs} epochs of the run: the rate would never reach its peak`,
        }
      : undefined,
  ({ out, overwrite }) =>
    overwrite && out === undefined
      ? { refuse: '--overwrite has no effect without --out, the folder to replace' }
      : undefined,
  ({ recipe: { batch, mixing } }) =>
    batch === 1 && (mixing.mixup > 0 || mixing.cutmix > 0)
      ? { note: 'with a batch of 1 there is nothing to mix: --mixup and --cutmix have no effect' }
      : undefined,
];
