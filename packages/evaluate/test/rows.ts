import { loadGolden } from '@twocan/testkit';
import type { LabelledFeatures } from '../src/index.ts';

/** What PyTorch and scikit-learn made of the same rows. */
export const golden = loadGolden('evaluate');

const side = (features: string, labels: string): LabelledFeatures => ({
  features: Float32Array.from(golden.values(features)),
  labels: Int32Array.from(golden.values(labels)),
});

/** 120 rows of 10 numbers, 30 of each of 4 classes. */
export const train = side('train', 'labels');
/** 60 more. */
export const test = side('test', 'test-labels');
