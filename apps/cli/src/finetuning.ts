import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Tensor2D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { Json } from '@twocan/checkpoint';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree, fold, key, softTargetCrossEntropy } from '@twocan/core';
import {
  type Augmentation,
  type Batch,
  IMAGENET_MEAN,
  IMAGENET_STD,
  type Mixing,
  makeBatches,
  mixImages,
  mixTargets,
  sampleMix,
  stepsPerEpoch,
} from '@twocan/data';
import { type Classification, confusionMatrix, scored } from '@twocan/evaluate';
import { adamw, layerDecay, warmupCosine } from '@twocan/optim';
import { fit, initState, makeStep } from '@twocan/trainer';
import {
  type ClassifierParams,
  classify,
  initClassifier,
  initEncoder,
  sampleDropPath,
  type ViTConfig,
} from '@twocan/vit';
import { resolveModel } from './config.ts';
import { writeConfusion } from './confusion.ts';
import { openData } from './datasets.ts';
import { EVERY, type Evaluation } from './evaluation-sets.ts';
import { EXIT, usageError } from './failure.ts';
import { extractRows } from './features.ts';
import { interruptible } from './interruptible.ts';
import { openModel } from './open-model.ts';
import type { Options } from './options.ts';
import { percent } from './percent.ts';
import { classLines } from './probing.ts';
import { useBackend } from './words.ts';

/** How a classifier is trained; written beside the result. */
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

/** What `twocan finetune` was asked. */
export type FinetuneRequest = {
  /** A run or checkpoint to begin with; from scratch where it is left out. */
  readonly model?: string;
  /** Sizes of an encoder from scratch. */
  readonly sizes: Pick<Options, 'preset' | 'imageSize' | 'patch'>;
  readonly data: string;
  readonly recipe: FinetuneRecipe;
  readonly out?: string;
  readonly confusion?: string;
  readonly perClass: boolean;
  readonly json: boolean;
  readonly backend: string | undefined;
};

type Normalization = { readonly mean: readonly number[]; readonly std: readonly number[] };
type Start = {
  readonly encoder: ViTConfig;
  readonly normalization: Normalization;
  readonly params: (classes: number) => ClassifierParams;
  readonly dispose: () => void;
};

/**
 * Trains encoder and head on a labelled folder, and prints what they reach on held-out images.
 *
 * @param request where to begin, folder and recipe
 * @returns the exit code
 * @throws Failure (exit code 2) for a folder without classes or with fewer images than a batch
 */
export async function finetune(request: FinetuneRequest): Promise<number> {
  const { recipe, out, confusion } = request;
  await useBackend(request.backend);
  const start = await begin(request);
  const data = await openData({ data: request.data, most: EVERY }, start.encoder.image);
  try {
    const { evaluation } = data;
    if (evaluation === undefined) {
      throw usageError(
        `--data ${request.data} has no classes; give a folder with one folder a class`,
      );
    }
    const { train, test, classes, heldOut } = evaluation;
    if (recipe.batch > train.length) {
      throw usageError(
        `--batch ${recipe.batch} is more than the ${train.length} images to learn from`,
      );
    }
    const trained = await interruptible((signal) => trainOn(start, evaluation, recipe, signal));
    if (trained === undefined) {
      console.error('interrupted; fine-tuning keeps nothing before its end');
      return EXIT.interrupted;
    }
    const { params, steps } = trained;
    try {
      const result = await judge(params, start, evaluation);
      const names = test.classes ?? [];
      if (confusion !== undefined) {
        const labels = test.labels ?? new Int32Array(0);
        await writeConfusion(
          confusion,
          confusionMatrix(labels, result.predictions, classes),
          names,
        );
      }
      const perClass = Object.fromEntries(
        names.map((name, c) => [name, result.perClass[c] ?? null]),
      );
      const summary = {
        ...{ from: request.model ?? null, accuracy: result.accuracy, perClass, steps },
        ...{ trainImages: train.length, testImages: test.length, classes, recipe },
      };
      if (out !== undefined) await keep(resolve(out), params, start, summary);
      if (request.json) console.log(JSON.stringify(summary));
      else {
        const from = request.model === undefined ? 'from scratch' : `from ${request.model}`;
        console.log(
          `fine-tuned top-1: ${percent(result.accuracy)} (${from}; ${test.length} ${heldOut}, ${classes} classes, trained on ${train.length})`,
        );
        if (request.perClass) console.log(classLines(names, result).join('\n'));
      }
    } finally {
      disposeTree(params);
    }
    return EXIT.done;
  } finally {
    start.dispose();
    await data.close();
  }
}

/** The encoder to begin with, trained or fresh. */
async function begin({ model, sizes, recipe }: FinetuneRequest): Promise<Start> {
  const root = key(recipe.seed);
  if (model === undefined) {
    const { encoder } = resolveModel(sizes);
    const fresh = initEncoder(fold(root, 'encoder'), encoder);
    return {
      ...{ encoder, normalization: { mean: IMAGENET_MEAN, std: IMAGENET_STD } },
      params: (classes) => initClassifier(root, fresh, { width: encoder.width, classes }),
      dispose: () => disposeTree(fresh),
    };
  }
  const { config, params } = await openModel(model);
  const { encoder } = config.model;
  return {
    ...{ encoder, normalization: config.normalization },
    params: (classes) => initClassifier(root, params.encoder, { width: encoder.width, classes }),
    dispose: () => disposeTree(params),
  };
}

type Trained = { readonly params: ClassifierParams; readonly steps: number };

/** Undefined if it was interrupted. */
async function trainOn(
  { encoder, normalization, params }: Start,
  { train, classes }: Evaluation,
  recipe: FinetuneRecipe,
  signal: AbortSignal,
): Promise<Trained | undefined> {
  const { batch, epochs, mixing, smoothing, dropPath, seed } = recipe;
  const size = encoder.image.width;
  const perEpoch = stepsPerEpoch(train, batch);
  const total = Math.max(1, Math.round(epochs * perEpoch));
  const optimizer = adamw({
    learningRate: warmupCosine({
      base: recipe.learningRate,
      warmup: Math.min(total, Math.round(recipe.warmupEpochs * perEpoch)),
      total,
    }),
    b2: 0.999,
    weightDecay: recipe.weightDecay,
    rateScale: layerDecay({ depth: encoder.depth, decay: recipe.layerDecay }),
  });
  const loss = (now: ClassifierParams, { views, shape, indices }: Batch, of: typeof root) => {
    const plan = sampleMix(fold(of, 'mix'), mixing, size);
    const images = tensor4d(mixImages(views[0] ?? new Float32Array(0), plan, size, batch), [
      ...shape,
    ]);
    const labels = indices.map((index) => train.labels?.[index] ?? 0);
    const targets = tensor2d(mixTargets(labels, plan, { classes, smoothing }), [batch, classes]);
    const paths = sampleDropPath(fold(of, 'paths'), {
      batch,
      depth: encoder.depth,
      rate: dropPath,
    });
    return { loss: softTargetCrossEntropy(classify(now, encoder, images, paths), targets) };
  };
  const root = key(seed);
  const fresh = params(classes);
  const state = initState(fresh, optimizer);
  disposeTree([fresh.norm, fresh.head]);
  const events = fit<ClassifierParams, Batch>({
    ...{ state, key: fold(root, 'train'), until: total, signal },
    step: makeStep(loss, optimizer),
    batches: makeBatches(train, {
      ...{ key: fold(root, 'data'), batch, size, views: 1 },
      ...normalization,
      augmentation: recipe.augmentation,
    }),
  });
  let sum = 0;
  for await (const event of events) {
    if (event.type === 'step') {
      sum += event.metrics.loss ?? 0;
      if (event.step % perEpoch !== 0) continue;
      console.error(
        `epoch ${event.step / perEpoch} of ${epochs}: loss ${(sum / perEpoch).toFixed(4)}`,
      );
      sum = 0;
    } else if (event.type === 'done') {
      disposeTree(event.state.optimizer);
      if (!event.aborted) return { params: event.state.params, steps: event.state.step };
      disposeTree(event.state.params);
    }
  }
  return undefined;
}

async function judge(
  params: ClassifierParams,
  { encoder, normalization }: Start,
  { test, classes }: Evaluation,
): Promise<Classification> {
  const { height, width } = encoder.image;
  const { features } = await extractRows(
    test,
    { model: { encoder }, normalization },
    async (pixels, count) => {
      const logits = tidy((): Tensor2D => {
        const images = tensor4d(pixels, [count, height, width, encoder.channels]);
        return classify(params, encoder, images);
      });
      const values = await logits.data<'float32'>();
      logits.dispose();
      return values;
    },
  );
  const predictions = Int32Array.from({ length: test.length }, (_, i) => {
    const scores = features.subarray(i * classes, (i + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
  return scored(predictions, test.labels ?? new Int32Array(0), classes);
}

/** The classifier as a checkpoint, and result.json beside it. */
async function keep(
  out: string,
  params: ClassifierParams,
  { encoder, normalization }: Start,
  summary: { readonly steps: number; readonly recipe: FinetuneRecipe },
): Promise<void> {
  await mkdir(out, { recursive: true });
  const config = { classifier: { encoder, normalization }, ...summary } as unknown as Json;
  await saveCheckpoint(join(out, 'checkpoints'), {
    ...{ step: summary.steps, params, key: key(summary.recipe.seed), config },
  });
  await writeFile(join(out, 'result.json'), `${JSON.stringify(summary, null, 2)}\n`);
}
