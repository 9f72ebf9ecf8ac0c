import { expectInteger, expectNumber, expectType } from '@twocan/core';

/** How well predictions fit labels. */
export type Classification = {
  /** Share of test rows with the right class, 0 to 1. */
  readonly accuracy: number;
  /** The same within each class; NaN for a class without test rows. */
  readonly perClass: readonly number[];
  /** `[M]` of the test rows. */
  readonly predictions: Int32Array;
};

/**
 * How often each class was taken for each.
 *
 * @param labels `[M]`, the right classes, in [0, classes)
 * @param predictions `[M]`, in [0, classes)
 * @param classes C
 * @returns `[C, C]`, row by row: right class down, predicted class across
 * @throws RangeError if the lengths differ or a class is out of range
 * @example
 * confusionMatrix(Int32Array.of(0, 1, 1), Int32Array.of(0, 0, 1), 2); // [1, 0, 1, 1]
 */
export function confusionMatrix(
  labels: Int32Array,
  predictions: Int32Array,
  classes: number,
): Int32Array {
  expectType('confusionMatrix', 'labels', labels, Int32Array);
  expectType('confusionMatrix', 'predictions', predictions, Int32Array);
  expectInteger('confusionMatrix', 'classes', classes, 1, 2 ** 15);
  if (labels.length !== predictions.length) {
    throw new RangeError(
      `confusionMatrix: labels and predictions must be equally many, got ${labels.length} and ${predictions.length}`,
    );
  }
  checkClasses('confusionMatrix', labels, classes);
  checkClasses('confusionMatrix', predictions, classes);
  const counts = new Int32Array(classes * classes);
  labels.forEach((label, i) => {
    const cell = label * classes + (predictions[i] ?? 0);
    counts[cell] = (counts[cell] ?? 0) + 1;
  });
  return counts;
}

/**
 * Accuracy of predictions, overall and by class.
 *
 * @param predictions `[M]`, in [0, classes)
 * @param labels `[M]`, in [0, classes)
 * @param classes C
 * @returns accuracies, and the predictions as given
 * @throws RangeError if the lengths differ or a class is out of range
 * @example
 * scored(Int32Array.of(0, 0, 1), Int32Array.of(0, 1, 1), 2).perClass; // [1, 0.5]
 */
export function scored(
  predictions: Int32Array,
  labels: Int32Array,
  classes: number,
): Classification {
  const counts = confusionMatrix(labels, predictions, classes);
  expectInteger('scored', 'the number of labels', labels.length);
  const perClass = Array.from({ length: classes }, (_, label) => {
    const row = counts.subarray(label * classes, (label + 1) * classes);
    return (row[label] ?? 0) / row.reduce((a, b) => a + b, 0);
  });
  const right = perClass.reduce((sum, _, label) => sum + (counts[label * classes + label] ?? 0), 0);
  return { accuracy: right / labels.length, perClass, predictions };
}

/** Throws unless every class lies in [0, classes). */
export function checkClasses(caller: string, labels: Int32Array, classes: number): void {
  const bad = labels.find((label) => label < 0 || label >= classes);
  if (bad === undefined) return;
  throw new RangeError(`${caller}: labels must lie in [0, ${classes}), got ${bad}`);
}

/**
 * Mean and spread of repeated measurements.
 *
 * @param values at least one
 * @returns their mean and sample standard deviation (n − 1 below), 0 for a single one
 * @throws RangeError without values
 * @example
 * meanAndDeviation([0.5, 0.7]); // { mean: 0.6, deviation: 0.1414... }
 */
export function meanAndDeviation(values: readonly number[]): {
  readonly mean: number;
  readonly deviation: number;
} {
  expectType('meanAndDeviation', 'values', values, Array);
  values.forEach((value, i) => {
    expectNumber('meanAndDeviation', `values[${i}]`, value, 'be finite', Number.isFinite);
  });
  if (values.length === 0) throw new RangeError('meanAndDeviation: needs a value, got none');
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
