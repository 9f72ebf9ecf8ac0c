import { type Classification, scored } from '@twocan/evaluate';
import { extractRows, imageRows } from '@twocan/pretrain';
import { type ClassifierParams, classify } from '@twocan/vit';
import type { Evaluation } from '../images/evaluation-sets.ts';
import { showWork } from '../terminal/work.ts';
import type { FinetunePlan } from './plan.ts';

/**
 * What a classifier reaches on the held-out images.
 *
 * @param params borrowed
 * @param plan sizes and normalisation
 * @param evaluation labelled pictures
 * @returns accuracy and predictions
 */
export async function evaluateClassifier(
  params: ClassifierParams,
  { encoder, normalization }: Pick<FinetunePlan, 'encoder' | 'normalization'>,
  { test, classes }: Evaluation,
): Promise<Classification> {
  const logits = imageRows(encoder, (images) => classify(params, encoder, images));
  const config = { model: { encoder }, normalization };
  const { features } = await extractRows(test, config, logits, showWork);
  const predictions = Int32Array.from({ length: test.length }, (_, i) => {
    const scores = features.subarray(i * classes, (i + 1) * classes);
    return scores.reduce((best, score, c) => (score > (scores[best] ?? 0) ? c : best), 0);
  });
  return scored(predictions, test.labels ?? new Int32Array(0), classes);
}
