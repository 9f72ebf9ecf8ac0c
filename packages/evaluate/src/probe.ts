import { type Tensor1D, tensor2d, zeros } from '@tensorflow/tfjs-core';
import {
  disposeTree,
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  fold,
  type Key,
  normal,
  permutation,
  refuse,
} from '@twocan/core';
import { adamw, lars, scaledLearningRate, type Transform, warmupCosine } from '@twocan/optim';
import { checkSides, type LabelledFeatures } from './features.ts';
import { largestColumns } from './product.ts';
import { type Classification, scored } from './score.ts';
import { columnsOf, standardized } from './standardize.ts';
import { trainLinear } from './train-linear.ts';

/** A way to train a probe. */
export type ProbeRecipe = {
  readonly optimizer: 'lars' | 'adamw';
  /** The peak rate is base · batch / 256 for lars, base for adamw. */
  readonly base: number;
  readonly epochs: number;
  readonly warmupEpochs: number;
  readonly batch: number;
  readonly weightDecay: number;
};

/** The recipes by name. */
export const probeRecipes: Readonly<Record<'lars' | 'adamw', ProbeRecipe>> = {
  /** That of MAE (arXiv 2111.06377, appendix A.1), made for a million images. */
  lars: {
    optimizer: 'lars',
    base: 0.1,
    epochs: 90,
    warmupEpochs: 10,
    batch: 16384,
    weightDecay: 0,
  },
  /** For thousands of images: LARS takes too few and too small steps there. */
  adamw: {
    optimizer: 'adamw',
    base: 1e-2,
    epochs: 100,
    warmupEpochs: 5,
    batch: 256,
    weightDecay: 1e-2,
  },
};

/** What {@link probeAccuracy} trains on and how. */
export type ProbeOptions = {
  readonly train: LabelledFeatures;
  readonly test: LabelledFeatures;
  readonly key: Key;
  /** Default {@link probeRecipes}.adamw; the batch is at most all train rows. */
  readonly recipe?: ProbeRecipe;
  /** Number of classes; default the highest label of both sides plus 1. */
  readonly classes?: number;
  /** Called with how much is done: large data take minutes. */
  readonly progress?: (done: number, total: number) => void;
};

/** What {@link probeAccuracy} found. */
export type ProbeResult = Classification & {
  /** Mean training loss of each epoch. */
  readonly losses: readonly number[];
};

/**
 * Trains a linear classifier on frozen features and tests it on held-out ones.
 *
 * Each column is normalised, (x − mean) / √(var + 1e-6), by the train rows' own statistics: what the
 * running averages of MAE's batch norm without affine part come to, since frozen features do not
 * change. Then one linear layer with softmax cross-entropy, rate warmed up and brought to 0 by a
 * cosine. The kernel starts at N(0, 0.01), as MAE's.
 *
 * @param options see {@link ProbeOptions}
 * @returns accuracy, accuracy per class, predictions, losses
 * @throws RangeError if rows are empty, uneven or not finite, widths differ, or a label or a number
 *   of the recipe is out of range
 * @example
 * const { accuracy } = await probeAccuracy({ train, test, key: key(0) });
 *
 * He et al., arXiv 2111.06377, appendix A.1; as in facebookresearch/mae, main_linprobe.py.
 */
export async function probeAccuracy(options: ProbeOptions): Promise<ProbeResult> {
  expectOptions(
    'probeAccuracy',
    'options',
    options,
    ['train', 'test', 'key'],
    ['recipe', 'classes', 'progress'],
  );
  const { train, test, key, recipe = probeRecipes.adamw } = options;
  expectKey('probeAccuracy', 'key', key);
  const names = ['optimizer', 'base', 'epochs', 'warmupEpochs', 'batch', 'weightDecay'];
  expectOptions('probeAccuracy', 'recipe', recipe, names, []);
  const { optimizer } = recipe;
  if (optimizer !== 'lars' && optimizer !== 'adamw') {
    refuse('probeAccuracy', 'recipe.optimizer', "be 'lars' or 'adamw'", optimizer);
  }
  for (const name of ['base', 'warmupEpochs', 'weightDecay'] as const) {
    const fits = (x: number): boolean => x >= 0 && x <= 1e6;
    expectNumber('probeAccuracy', `recipe.${name}`, recipe[name], 'lie in [0, 1e6]', fits);
  }
  const { width, classes } = checkSides('probeAccuracy', options);
  const rows = train.labels.length;
  expectInteger('probeAccuracy', 'recipe.batch', recipe.batch, 1, Number.MAX_VALUE);
  const batch = Math.min(recipe.batch, rows);
  for (const [name, value] of Object.entries({ batch, epochs: recipe.epochs })) {
    expectInteger('probeAccuracy', name, value, 1, 2 ** 20);
  }
  const { mean, deviation } = columnsOf(train.features, width);
  const spread = deviation.map((x) => Math.sqrt(x * x + 1e-6));
  const draws = normal(fold(key, 'kernel'), width * classes).map((x) => 0.01 * x);
  const begin = {
    kernel: tensor2d(draws, [width, classes]),
    bias: zeros([classes]) as Tensor1D,
  };
  const { params, losses } = await trainLinear(
    { features: standardized(train.features, mean, spread), labels: train.labels },
    begin,
    {
      optimizer: optimizerOf(recipe, batch, Math.floor(rows / batch)),
      epochs: recipe.epochs,
      batch,
      orderOf: (epoch) => permutation(fold(fold(key, 'epoch'), epoch), rows),
      ...(options.progress === undefined ? {} : { progress: options.progress }),
    },
  );
  const kernel = (await params.kernel.data()) as Float32Array;
  const bias = (await params.bias.data()) as Float32Array;
  disposeTree([begin, params]);
  const normalized = standardized(test.features, mean, spread);
  const predictions = await largestColumns(normalized, test.labels.length, kernel, classes, bias);
  return { ...scored(predictions, test.labels, classes), losses };
}

/**
 * The optimizer of a recipe.
 *
 * @param recipe the recipe
 * @param batch rows of a step
 * @param perEpoch steps of an epoch
 * @returns the transform, its rate scheduled over the whole training
 */
export function optimizerOf(recipe: ProbeRecipe, batch: number, perEpoch: number): Transform {
  const { base, epochs, warmupEpochs, weightDecay } = recipe;
  const isLars = recipe.optimizer === 'lars';
  const learningRate = warmupCosine({
    base: isLars ? scaledLearningRate(base, batch) : base,
    warmup: Math.min(warmupEpochs, epochs) * perEpoch,
    total: epochs * perEpoch,
  });
  return isLars
    ? lars({ learningRate, weightDecay })
    : adamw({ learningRate, b2: 0.999, weightDecay });
}
