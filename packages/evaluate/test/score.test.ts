import { expect, it } from 'vitest';
import { confusionMatrix, meanAndDeviation } from '../src/index.ts';
import { scored } from '../src/score.ts';
import { golden, test } from './rows.ts';

const predictions = Int32Array.from(golden.values('ridge/many/predictions'));

it('confusionMatrix counts as scikit-learn does', () => {
  const counts = confusionMatrix(test.labels, predictions, 4);
  expect([...counts]).toEqual(Array.from(golden.values('confusion')));
});

it('accuracy is the diagonal, per class its share of the row', () => {
  const labels = Int32Array.of(0, 0, 2, 2, 2);
  const { accuracy, perClass } = scored(Int32Array.of(0, 1, 2, 2, 0), labels, 3);
  expect(accuracy).toBe(3 / 5);
  expect(perClass).toEqual([1 / 2, Number.NaN, 2 / 3]);
});

it('meanAndDeviation divides by one less than the number of values', () => {
  expect(meanAndDeviation([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) });
  expect(meanAndDeviation([0.5])).toEqual({ mean: 0.5, deviation: 0 });
  expect(() => meanAndDeviation([])).toThrow('needs a value, got none');
});

it('confusionMatrix says what is wrong', () => {
  expect(() => confusionMatrix(Int32Array.of(0), Int32Array.of(0, 1), 2)).toThrow(
    'labels and predictions must be equally many, got 1 and 2',
  );
  expect(() => confusionMatrix(Int32Array.of(2), Int32Array.of(0), 2)).toThrow(
    'labels must lie in [0, 2), got 2',
  );
});
