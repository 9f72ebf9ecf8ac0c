import { tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import type { Json } from '@twocan/checkpoint';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree, fold, key, type LossContext } from '@twocan/core';
import {
  type Batch,
  type Dataset,
  makeBatches,
  mixImages,
  mixTargets,
  sampleMix,
  stepsPerEpoch,
} from '@twocan/data';
import { softTargetCrossEntropy } from '@twocan/ops';
import { adamw, layerDecay, type Transform, warmupCosine } from '@twocan/optim';
import { decayAdvice, differences, explosionOf } from '@twocan/pretrain';
import {
  disposeState,
  fit,
  initState,
  isNonFinite,
  makeStep,
  type TrainState,
} from '@twocan/trainer';
import {
  type ClassifierParams,
  classify,
  initClassifier,
  initEncoder,
  layerOf,
  sampleDropPath,
} from '@twocan/vit';
import { writtenFlag } from '../args/flag-name.ts';
import { exploded } from '../pretrain/stopped.ts';
import { heedingSignals } from '../run/interruptible.ts';
import { ownCheckpoint } from '../run/newest-checkpoint.ts';
import { expectSameModel } from '../run/open-model.ts';
import { openWeights } from '../run/open-weights.ts';
import { message } from '../terminal/messages.ts';
import { progressOf } from '../terminal/progress.ts';
import type { FinetuneFolder } from './folder.ts';
import type { FinetunePlan } from './plan.ts';

type State = TrainState<ClassifierParams>;

/** What came of it; the caller disposes the parameters. */
export type Trained = {
  readonly params: ClassifierParams;
  readonly steps: number;
  readonly finished: boolean;
};

/**
 * Trains a classifier from where its folder stands, saving at the end of every epoch and when it is
 * interrupted.
 *
 * @param plan what to do
 * @param train labelled pictures
 * @param signal stops it between two steps
 * @param folder where it is kept; nowhere, and from the beginning, where it is left out
 * @returns how it went
 */
export async function trainClassifier(
  plan: FinetunePlan,
  train: Dataset,
  signal: AbortSignal,
  folder?: FinetuneFolder,
): Promise<Trained> {
  const { recipe, encoder, normalization } = plan;
  const { batch, epochs, seed } = recipe;
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
    rateScale: layerDecay({
      depth: encoder.depth,
      decay: recipe.layerDecay,
      layerOf: layerOf(encoder.depth),
    }),
  });
  const root = key(seed);
  const state = (await savedState(plan, folder)) ?? (await freshState(plan, optimizer));
  if (state.step > 0) message(`going on after step ${state.step} of ${total}`);
  const save = async (saved: State): Promise<void> => {
    const config = { classifier: plan } as unknown as Json;
    if (folder) await saveCheckpoint(folder.checkpoints, { ...saved, key: root, config });
  };
  const events = fit<ClassifierParams, Batch>({
    state,
    key: fold(root, 'train'),
    until: total,
    checkpointEvery: perEpoch,
    signal,
    step: makeStep(lossOf(plan, train), optimizer),
    batches: makeBatches(train, {
      key: fold(root, 'data'),
      batch,
      size: encoder.image.width,
      views: 1,
      ...normalization,
      augmentation: recipe.augmentation,
    }),
  });
  const progress = progressOf('training, steps');
  let losses: number[] = [];
  try {
    for await (const event of heedingSignals(events)) {
      if (event.type === 'checkpoint') {
        await save(event.state);
      } else if (event.type === 'step') {
        losses.push(event.metrics.loss ?? Number.NaN);
        progress.count(event.step, total);
        if (event.step % perEpoch !== 0) continue;
        const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        progress.note(`epoch ${event.step / perEpoch} of ${epochs}: loss ${mean.toFixed(4)}`);
        losses = [];
      } else {
        const { params, step, optimizer: moments } = event.state;
        disposeTree(moments);
        return { params, steps: step, finished: !event.aborted };
      }
    }
  } catch (error) {
    const found = explosionOf(error);
    if (found === undefined || !isNonFinite(error)) throw error;
    if (error.state !== undefined) {
      await save(error.state as State);
      disposeState(error.state);
    }
    throw await exploded(found, folder?.checkpoints, adviceFor(recipe, found.step));
  }
  throw new Error('trainClassifier: training ended without a last event');
}

/** What to do about numbers that stopped being finite; before the first update no rate is at fault. */
function adviceFor(recipe: FinetunePlan['recipe'], step: number): string {
  if (step === 0) {
    return 'nothing was trained yet, so --lr is not the cause: look at the images and at the weights that it begins with';
  }
  return `train anew with ${decayAdvice(recipe, writtenFlag) ?? `a lower --lr (it was ${recipe.learningRate})`}`;
}

/** Cross-entropy of mixed images against mixed labels, some paths left out. */
function lossOf({ recipe, encoder, classes: names }: FinetunePlan, train: Dataset) {
  const { batch, mixing, smoothing, dropPath } = recipe;
  const [size, classes] = [encoder.image.width, names.length];
  return (params: ClassifierParams, { views, shape, indices }: Batch, { key: of }: LossContext) => {
    const plan = sampleMix(fold(of, 'mix'), mixing, size);
    const mixed = mixImages(views[0] ?? new Float32Array(0), plan, size, batch);
    const labels = indices.map((index) => train.labels?.[index] ?? 0);
    const targets = tensor2d(mixTargets(labels, plan, { classes, smoothing }), [batch, classes]);
    const paths = sampleDropPath(fold(of, 'paths'), {
      batch,
      depth: encoder.depth,
      rate: dropPath,
    });
    const logits = classify(params, encoder, tensor4d(mixed, [...shape]), paths);
    return { loss: softTargetCrossEntropy(logits, targets) };
  };
}

/** Where the images lie, and what is known of them, may change from one start to the next. */
const PLACES = ['data', 'images'];

/** The newest checkpoint of the folder, if it has one. */
async function savedState(
  plan: FinetunePlan,
  folder: FinetuneFolder | undefined,
): Promise<State | undefined> {
  const checkpoint =
    folder &&
    (await ownCheckpoint(folder, (held, where) => {
      const { classifier } = held as { readonly classifier?: object };
      return differences(classifier ?? {}, plan, { without: PLACES, sides: where });
    }));
  if (checkpoint === undefined) return undefined;
  const { step, params, optimizer = {} } = checkpoint;
  return { step, params: params as ClassifierParams, optimizer };
}

/** The encoder of the plan under a new head. */
async function freshState(
  { from, fromSha256, encoder, classes, recipe }: FinetunePlan,
  optimizer: Transform,
): Promise<State> {
  const root = key(recipe.seed);
  if (from !== null && fromSha256 !== undefined)
    await expectSameModel(from, fromSha256, 'classifier');
  const of = { imageSize: encoder.image.width, trained: true, quiet: true };
  const opened = from === null ? undefined : (await openWeights(from, of)).params;
  const under = opened?.encoder ?? initEncoder(fold(root, 'encoder'), encoder);
  const params = initClassifier(root, under, { width: encoder.width, classes: classes.length });
  const state = initState(params, optimizer);
  disposeTree([params.norm, params.head, opened ?? under]);
  return state;
}
