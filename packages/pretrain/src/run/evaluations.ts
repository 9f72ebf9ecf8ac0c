import { util } from '@tensorflow/tfjs-core';
import type { CanParams } from '@twocan/can';
import { disposeTree, fold, key } from '@twocan/core';
import { atMost, type Dataset } from '@twocan/data';
import type { PretrainConfig } from '../config.ts';
import { encoderFeatures, extractRows } from '../features/extract.ts';
import { type LabelledSets, nearestNeighbours, pixelSides } from '../features/sides.ts';
import { mapFeatures } from '../map/feature-map.ts';
import { drawPictures } from '../pictures/draw.ts';
import type { Progress } from '../progress.ts';
import { type Evaluation, evaluateEncoder, type Scores } from './evaluate.ts';
import type { PretrainEvent } from './events.ts';
import { exploded } from './explosion.ts';
import { freshParams, type PretrainState, trainedParams } from './state.ts';

/** Images that are drawn, and evaluated on where there are no labels, at most. */
const IMAGES = 500;
/** Images that show whether an encoder still gives finite features. */
const LOOKED_AT = 8;

/** What stays the same through a run. */
export type Evaluated = {
  readonly config: PretrainConfig;
  readonly sets?: LabelledSets | undefined;
  /** To draw, and to evaluate on where there are no labels. */
  readonly images: Dataset;
  /** The parameters that the run began with; drawn where they are left out. */
  readonly initial?: CanParams | undefined;
  readonly progress: Progress;
};

/** The images that a run draws: held-out ones, or some of those it trains on. */
export const imagesToShow = (dataset: Dataset, sets: LabelledSets | undefined): Dataset =>
  sets?.test ?? atMost(dataset, IMAGES);

/**
 * What is done at a checkpoint in addition to saving it: the encoder is evaluated, its features are mapped
 * and pictures are drawn. What was done before a run was stopped is not done twice.
 *
 * @param run what stays the same
 * @param state borrowed
 * @param done evaluations so far
 * @returns events; that of the evaluation comes last
 */
export async function* evaluated(
  run: Evaluated,
  state: PretrainState,
  done: readonly Evaluation[],
): AsyncGenerator<PretrainEvent, void, void> {
  const { config, images, progress } = run;
  const { step } = state;
  const params = trainedParams(state);
  const isDone = (at: number): boolean => done.some((evaluation) => evaluation.step === at);
  if (!isDone(0)) yield await unlessExploded(config, step, () => evaluationOfStart(run));
  if (isDone(step)) return;
  const before = util.now();
  const { scores, features } = await unlessExploded(config, step, () => finiteScores(run, params));
  const millis = util.now() - before;
  const { length: rows, labels, classes } = images;
  const root = key(config.seed);
  // UMAP takes seconds, which at every checkpoint would be a tenth of a short run.
  const whole = step === config.steps ? { key: fold(root, 'map'), progress } : {};
  yield {
    type: 'map',
    step,
    map: mapFeatures(features, { step, rows, labels, classes, ...whole }),
  };
  const drawn = await drawPictures(config, params, images, fold(root, 'samples'));
  yield { type: 'pictures', step, rows: drawn };
  yield { type: 'evaluation', step, scores, millis };
}

/** The two baselines: the pixels themselves, and the encoder with the weights it starts from. */
async function evaluationOfStart(run: Evaluated): Promise<PretrainEvent> {
  const { config, sets, progress } = run;
  const before = util.now();
  const untrained = run.initial ?? freshParams(config);
  try {
    const { scores } = await evaluateEncoder(config, untrained, imagesOf(run), progress);
    const pixels =
      sets && (await nearestNeighbours(await pixelSides(sets, config, progress), {}, progress));
    const all = { ...scores, ...(pixels && { rawPixels: pixels.accuracy }) };
    return { type: 'evaluation', step: 0, scores: all, millis: util.now() - before };
  } finally {
    if (run.initial === undefined) disposeTree(untrained);
  }
}

/** Features may be finite and yet too large for what is made of them. */
async function finiteScores(
  run: Evaluated,
  params: CanParams,
): Promise<{ readonly scores: Scores; readonly features: Float32Array }> {
  const found = await evaluateEncoder(run.config, params, imagesOf(run), run.progress);
  if (Object.values(found.scores).every(Number.isFinite)) return found;
  throw Object.assign(new Error('scores are not finite'), { code: 'NON_FINITE' });
}

const imagesOf = ({ sets, images }: Evaluated) => ({ images, ...(sets && { sets }) });

/**
 * Fails where a state gives features that are not finite: weights that are finite can still be too large.
 *
 * @throws ExplosionError
 */
export async function expectFeatures(run: Evaluated, state: PretrainState): Promise<void> {
  const { config, images } = run;
  const extract = encoderFeatures(config.model, trainedParams(state));
  await unlessExploded(config, state.step, () =>
    extractRows(atMost(images, LOOKED_AT), config, extract),
  );
}

/** Does some work with the state after a step; features that are not finite are the run's explosion. */
async function unlessExploded<T>(
  config: PretrainConfig,
  step: number,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'NON_FINITE')) throw error;
    throw exploded(config, { step, what: "the encoder's features are not finite" });
  }
}
