import {
  expectInteger,
  expectKey,
  expectOptions,
  expectType,
  fold,
  type Key,
  permutation,
} from '@twocan/core';
import { checkSides, chosenRows } from './features.ts';
import { type RidgeOptions, ridgeAccuracy, ridgeDefaults } from './ridge.ts';
import { meanAndDeviation } from './score.ts';

/** How {@link fewShotAccuracy} draws and fits. */
export type FewShotOptions = RidgeOptions & {
  readonly key: Key;
  /** Numbers of training rows of each class; default 1, 5, 10 and 25. */
  readonly shots?: readonly number[];
  /** How many draws of training rows; default 3. */
  readonly draws?: number;
  /** Called with how much is done: large data take minutes. */
  readonly progress?: (done: number, total: number) => void;
};

/** What holds where {@link FewShotOptions} leave it out. */
export const fewShotDefaults = { ...ridgeDefaults, shots: [1, 5, 10, 25], draws: 3 } as const;

/** What {@link fewShotAccuracy} found for one number of shots. */
export type FewShotResult = {
  readonly shots: number;
  /** Of each draw, 0 to 1. */
  readonly accuracies: readonly number[];
  readonly mean: number;
  /** Sample standard deviation over the draws. */
  readonly deviation: number;
};

/**
 * Accuracy from a few labelled rows of each class, by ridge regression, over several draws.
 *
 * A draw's rows for 5 shots are among its rows for 10: curves over shots compare.
 *
 * @param options see {@link FewShotOptions}; λ is 1024 by default
 * @returns one result for each number of shots, in the order given
 * @throws RangeError as {@link ridgeAccuracy}, and if a class has fewer train rows than shots, or
 *   shots or draws are not positive integers
 * @example
 * const results = await fewShotAccuracy({ train, test, key: key(0) });
 *
 * The few-shot protocol of google-research/big_vision.
 */
export async function fewShotAccuracy(options: FewShotOptions): Promise<FewShotResult[]> {
  expectOptions(
    'fewShotAccuracy',
    'options',
    options,
    ['train', 'test', 'key'],
    ['shots', 'draws', 'l2', 'classes', 'progress'],
  );
  const {
    train,
    key,
    shots = fewShotDefaults.shots,
    draws = fewShotDefaults.draws,
    progress,
    ...rest
  } = options;
  expectKey('fewShotAccuracy', 'key', key);
  expectType('fewShotAccuracy', 'shots', shots, Array);
  const { width, classes } = checkSides('fewShotAccuracy', options);
  for (const [name, value] of [['draws', draws], ...shots.map((n) => ['shots', n])] as const) {
    expectInteger('fewShotAccuracy', String(name), value, 1, 2 ** 20);
  }
  const rows = rowsByClass(train.labels, classes);
  const most = shots.reduce((a, b) => Math.max(a, b), 0);
  const scarce = rows.findIndex((own) => own.length < most);
  if (scarce >= 0) {
    throw new RangeError(
      `fewShotAccuracy: shots must be at most the ${rows[scarce]?.length} train rows of class ${scarce}, got ${most}`,
    );
  }
  const results: FewShotResult[] = [];
  for (const count of shots) {
    const accuracies: number[] = [];
    for (let draw = 0; draw < draws; draw++) {
      const ofDraw = fold(fold(key, 'draw'), draw);
      const chosen = rows.flatMap((own, c) =>
        Array.from(permutation(fold(ofDraw, c), own.length))
          .slice(0, count)
          .map((i) => own[i] ?? 0),
      );
      const part = {
        features: chosenRows(train.features, width, chosen),
        labels: Int32Array.from(chosen, (row) => train.labels[row] ?? 0),
      };
      accuracies.push((await ridgeAccuracy({ ...rest, train: part, classes })).accuracy);
      progress?.(results.length * draws + draw + 1, shots.length * draws);
    }
    results.push({ shots: count, accuracies, ...meanAndDeviation(accuracies) });
  }
  return results;
}

function rowsByClass(labels: Int32Array, classes: number): number[][] {
  const rows: number[][] = Array.from({ length: classes }, () => []);
  labels.forEach((label, i) => {
    rows[label]?.push(i);
  });
  return rows;
}
