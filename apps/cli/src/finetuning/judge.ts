import { type Tensor2D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { type Classification, scored } from '@twocan/evaluate';
import { extractRows } from '@twocan/pretrain';
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
export async function judgeClassifier(
  params: ClassifierParams,
  { encoder, normalization }: Pick<FinetunePlan, 'encoder' | 'normalization'>,
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
    showWork,
  );
  const predictions = Int32Array.from({ length: test.length }, (_, i) => {
    const scores = features.subarray(i * classes, (i + 1) * classes);
    return scores.reduce((best, score, c) => (score > (scores[best] ?? 0) ? c : best), 0);
  });
  return scored(predictions, test.labels ?? new Int32Array(0), classes);
}
