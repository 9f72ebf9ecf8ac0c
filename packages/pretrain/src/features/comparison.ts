import type { CanParams, Pooling } from '@twocan/can';
import { expectOptions, expectParams, expectType } from '@twocan/core';
import { type Progress, silent } from '../progress.ts';
import { expectPixelConfig, type FeatureConfig } from './config.ts';
import { encoderFeatures } from './extract.ts';
import {
  expectSets,
  featureSides,
  type LabelledSets,
  type LabelledSides,
  pixelSides,
} from './sides.ts';

/** One measure of three kinds of features, on the same images. */
export type Compared<R> = {
  readonly trained: R;
  readonly rawPixels: R;
  /** Of the encoder with the weights that the run started from. */
  readonly untrained: R;
};

/** Parameters before and after training; borrowed. */
export type Encoders = { readonly trained: CanParams; readonly untrained: CanParams };

/**
 * Measures trained features, raw pixels and the features of the encoder that the run started from.
 *
 * @param config image size and normalisation of the run
 * @param encoders the trained and the untrained parameters
 * @param sets labelled images
 * @param measure what is measured of each
 * @param options.pool which tokens make the features; those of the method by default
 * @param options.progress called with the number of images done
 * @returns the three results
 * @throws RangeError for sets without labels or classes
 * @example
 * const knn = await compareFeatures(config, { trained, untrained }, sets, nearestNeighbours);
 */
export async function compareFeatures<R>(
  config: FeatureConfig,
  encoders: Encoders,
  sets: LabelledSets,
  measure: (sides: LabelledSides) => Promise<R>,
  options: { readonly pool?: Pooling | undefined; readonly progress?: Progress } = {},
): Promise<Compared<R>> {
  expectPixelConfig('compareFeatures', config);
  expectOptions('compareFeatures', 'encoders', encoders, ['trained', 'untrained']);
  for (const name of ['trained', 'untrained'] as const) {
    expectParams('compareFeatures', name, encoders[name]);
  }
  expectSets('compareFeatures', sets);
  expectType('compareFeatures', 'measure', measure, 'function');
  expectOptions('compareFeatures', 'options', options, [], ['pool', 'progress']);
  const { pool, progress = silent } = options;
  const ofEncoder = async (params: CanParams): Promise<R> =>
    measure(
      await featureSides(sets, config, encoderFeatures(config.model, params, pool), progress),
    );
  return {
    trained: await ofEncoder(encoders.trained),
    rawPixels: await measure(await pixelSides(sets, config, progress)),
    untrained: await ofEncoder(encoders.untrained),
  };
}

/**
 * Another form of each of three results.
 *
 * @param results the three
 * @param change what is made of each
 * @returns the changed three
 * @example
 * eachOf(knn, ({ accuracy }) => accuracy);
 */
export function eachOf<R, S>(results: Compared<R>, change: (result: R) => S): Compared<S> {
  expectOptions('eachOf', 'results', results, ['trained', 'rawPixels', 'untrained']);
  expectType('eachOf', 'change', change, 'function');
  const { trained, rawPixels, untrained } = results;
  return {
    trained: change(trained),
    rawPixels: change(rawPixels),
    untrained: change(untrained),
  };
}
