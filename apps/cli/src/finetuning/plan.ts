import { resolve } from 'node:path';
import type { BackendName } from '@twocan/backend';
import { disposeTree } from '@twocan/core';
import { type Augmentation, IMAGENET_MEAN, IMAGENET_STD, type Mixing } from '@twocan/data';
import type { PixelRules } from '@twocan/pretrain';
import type { ViTConfig } from '@twocan/vit';
import { isObject } from '../args/config-file.ts';
import type { Options } from '../args/options.ts';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { resolveModel } from '../run/config.ts';
import type { ImagesIdentity } from '../run/data-identity.ts';
import { modelDigest } from '../run/open-model.ts';
import { checkWeights, openWeights } from '../run/open-weights.ts';

/** How a classifier is trained. */
export type FinetuneRecipe = {
  readonly epochs: number;
  readonly batch: number;
  /** The peak rate of the head. */
  readonly learningRate: number;
  readonly warmupEpochs: number;
  readonly weightDecay: number;
  /** Factor on the rate from each block to the one below it. */
  readonly layerDecay: number;
  readonly dropPath: number;
  readonly mixing: Mixing;
  readonly smoothing: number;
  readonly augmentation: Partial<Augmentation>;
  readonly seed: number;
};

/** What the user asks for. */
export type FinetuneAsked = {
  /** A run or checkpoint to begin with; from scratch where both are left out. */
  readonly model?: string;
  /** The same, of another program too. */
  readonly init?: string;
  /** Sizes of an encoder from scratch; of one from a model, the image size. */
  readonly sizes: Pick<Options, 'preset' | 'imageSize' | 'patch'>;
  readonly data: string;
  /** How it is trained on so many images. */
  readonly recipeFor: (images: number) => FinetuneRecipe;
};

/** What is trained, before the data are known. */
export type Beginning = {
  /** The checkpoint that the encoder comes from; null from scratch. */
  readonly from: string | null;
  /** The SHA-256 of that file; absent from scratch, and in classifiers of older versions. */
  readonly fromSha256?: string;
  readonly encoder: ViTConfig;
  readonly normalization: PixelRules;
};

/** All that a classifier follows from: plain JSON, kept in its folder. */
export type FinetunePlan = Beginning & {
  /** An absolute path, or `shapes:COUNT`. */
  readonly data: string;
  /** By what the images are known again; absent for drawn ones, and in classifiers of older versions. */
  readonly images?: ImagesIdentity;
  readonly classes: readonly string[];
  readonly trainImages: number;
  readonly recipe: FinetuneRecipe;
  readonly backend: BackendName;
};

/**
 * Finds out what is to be trained.
 *
 * @param asked a model, or sizes
 * @returns the encoder and where it comes from
 * @throws Failure (exit code 2) when there is no such checkpoint, or no such encoder
 */
export async function beginningOf(
  asked: Pick<FinetuneAsked, 'model' | 'init' | 'sizes'>,
): Promise<Beginning> {
  const { sizes } = asked;
  const weights = weightsOf(asked);
  if (weights === undefined) {
    const { encoder } = resolveModel({ ...sizes, recipe: 'paper' });
    return { from: null, encoder, normalization: { mean: IMAGENET_MEAN, std: IMAGENET_STD } };
  }
  const opened = { named: weights.named, imageSize: sizes.imageSize, trained: true };
  const { config, params, path } = await openWeights(weights.path, opened);
  disposeTree(params);
  return {
    from: resolve(path),
    fromSha256: await modelDigest(path),
    encoder: config.model.encoder,
    normalization: config.normalization,
  };
}

/** The weights that a classifier begins with, and what errors call them. */
function weightsOf({ model, init }: Pick<FinetuneAsked, 'model' | 'init'>) {
  if (model !== undefined) return { path: model, named: `--model ${model}` };
  return init === undefined ? undefined : { path: init, named: `--init ${init}` };
}

/**
 * Refuses weights that can be none, before anything is started for them.
 *
 * @param asked a model, or sizes
 * @throws Failure (exit code 2) where nothing is there, or what is there is of another kind
 */
export function checkBeginning(asked: Pick<FinetuneAsked, 'model' | 'init'>): void {
  const weights = weightsOf(asked);
  if (weights !== undefined) checkWeights(weights.path, weights.named);
}

/** What a plan says of the data. */
export const dataFacts = ({
  train,
}: Evaluation): Pick<FinetunePlan, 'classes' | 'trainImages'> => ({
  classes: train.classes ?? [],
  trainImages: train.length,
});

/**
 * What is wrong with the finetune.json of a classifier that is to be gone on with.
 *
 * @param content what the file holds
 * @returns a line for each problem
 */
export function planProblems(content: Readonly<Record<string, unknown>>): string[] {
  const { data, encoder, recipe } = content;
  const parts = Object.entries({ encoder, recipe, normalization: content.normalization });
  const numbers = Object.entries({
    trainImages: content.trainImages,
    ...(isObject(encoder) && { 'encoder.depth': encoder.depth, 'encoder.patch': encoder.patch }),
    ...(isObject(recipe) && {
      'recipe.batch': recipe.batch,
      'recipe.epochs': recipe.epochs,
      'recipe.learningRate': recipe.learningRate,
      'recipe.seed': recipe.seed,
    }),
  });
  return [
    ...(typeof data === 'string' ? [] : [`data must be text, got ${JSON.stringify(data)}`]),
    ...(Array.isArray(content.classes) ? [] : ['classes must be a list of names']),
    ...parts.flatMap(([name, part]) => (isObject(part) ? [] : [`${name} must hold settings`])),
    ...numbers.flatMap(([name, value]) =>
      typeof value === 'number' ? [] : [`${name} must be a number, got ${JSON.stringify(value)}`],
    ),
    ...(isObject(encoder) && !isObject(encoder.image) ? ['encoder.image must hold a size'] : []),
  ];
}
