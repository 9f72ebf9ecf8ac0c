import { explainSettings } from '../commands/explain.ts';
import { fewShotSettings } from '../commands/fewshot.ts';
import { knnSettings } from '../commands/knn.ts';
import { probeSettings } from '../commands/probe.ts';
import type { Explanation } from '../evaluation/explaining.ts';
import type { FewShotScores } from '../evaluation/few-shots.ts';
import type { KnnResult } from '../evaluation/knn.ts';
import type { ProbeScores } from '../evaluation/probing.ts';
import { call, type OptionsOf } from './call.ts';

/**
 * Classifies labelled images by their nearest neighbours: `twocan knn`.
 *
 * @param options model, folder of one folder a class, and votes
 * @returns top-1 accuracies in [0, 1] of the features, of raw pixels and of the untrained encoder
 * @throws RangeError for a model or folder that cannot be used
 * @example
 * const { trained, rawPixels } = await knn({ model: 'runs/photos', data: 'photos' });
 */
export function knn(options: OptionsOf<typeof knnSettings>): Promise<KnnResult> {
  return call('knn', knnSettings, options, async (values) => {
    const { measureKnn } = await import('../evaluation/knn.ts');
    return (await measureKnn(values)).result;
  });
}

/**
 * Trains a linear classifier on frozen features: `twocan probe`.
 *
 * @param options model, folder of one folder a class, and recipe
 * @returns top-1 accuracies in [0, 1], those of both baselines, and those of each class
 * @throws RangeError for a model or folder that cannot be used
 * @example
 * const { trained, perClass } = await probe({ model: 'runs/photos', data: 'photos' });
 */
export function probe(options: OptionsOf<typeof probeSettings>): Promise<ProbeScores> {
  return call('probe', probeSettings, options, async (values) => {
    const { measureProbe } = await import('../evaluation/probing.ts');
    return (await measureProbe(values)).result;
  });
}

/**
 * Fits ridge regression on a few images of each class: `twocan fewshot`.
 *
 * @param options model, folder of one folder a class, shots and draws
 * @returns a result for each number of shots, with both baselines
 * @throws RangeError for a model or folder that cannot be used, or more shots than there are images
 * @example
 * const { trained } = await fewShot({ model: 'runs/photos', data: 'photos', shots: [1, 5] });
 */
export function fewShot(options: OptionsOf<typeof fewShotSettings>): Promise<FewShotScores> {
  return call('fewShot', fewShotSettings, options, async (values) => {
    const { measureFewShots } = await import('../evaluation/few-shots.ts');
    return (await measureFewShots(values)).result;
  });
}

/**
 * Measures features and decoder without labels: `twocan explain`.
 *
 * @param options model, folder, and a file for maps of attention
 * @returns alignment, uniformity, effective rank, and errors of the decoder
 * @throws RangeError for a model or folder that cannot be used
 * @example
 * const { effectiveRank } = await explain({ model: 'runs/photos', data: 'photos' });
 */
export function explain(options: OptionsOf<typeof explainSettings>): Promise<Explanation> {
  return call('explain', explainSettings, options, async (values) => {
    const { explain: measure } = await import('../evaluation/explaining.ts');
    return (await measure(values)).result;
  });
}
