import { disposeTree, fold, key } from '@twocan/core';
import { writeSamples } from '../draw/samples.ts';
import { type Judgement, judgeEncoder, judgePixels } from '../evaluation/encoder-judgement.ts';
import { keepMap, mapOf } from '../evaluation/feature-map.ts';
import { freshParams, type State } from '../run/begin.ts';
import { sheetPath } from '../run/sample-sheets.ts';
import { nonFiniteError } from '../terminal/failure.ts';
import { percent } from '../terminal/percent.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Record } from './record.ts';
import type { Run } from './run.ts';

/**
 * What is done at every checkpoint beside saving it: samples are drawn, the encoder is judged, and
 * the report is written. What a resumed run has already is not done twice.
 *
 * @param run the run
 * @param state borrowed
 * @param record where it is noted
 * @param progress told the accuracy
 */
export async function takeStock(
  run: Run,
  state: State,
  record: Record,
  progress: Progress,
): Promise<void> {
  const { folder, config, data } = run;
  const { step, params } = state;
  const judged = (at: number): boolean =>
    record.lines.some((line) => line.step === at && line.evaluation !== undefined);
  if (!judged(0)) await judgeStart(run, record);
  if (!judged(step)) {
    progress.close();
    const before = performance.now();
    const { judgement, features } = await judgeEncoder(config, params, data);
    expectFiniteJudgement(judgement);
    record.add({
      step,
      evaluation: judgement,
      machine: { millis: performance.now() - before },
    });
    const { length: rows, labels, classes } = data.pictures;
    // Seconds at every checkpoint would be a tenth of a short run.
    const whole = step === config.steps ? { key: fold(key(config.seed), 'map') } : {};
    await keepMap(folder.map, mapOf(features, { step, rows, labels, classes, ...whole }));
    const path = sheetPath(folder.samples, step);
    await writeSamples(path, config, params, data.pictures, fold(key(config.seed), 'samples'));
    record.drawn(step, path);
    const { knn, effectiveRank } = judgement;
    progress.note(
      `after step ${step}: ${knn === undefined ? '' : `k-NN top-1 ${percent(knn)}, `}effective rank ${effectiveRank.toFixed(1)} of ${config.model.encoder.width}`,
    );
  }
  record.report();
}

/** Features may be finite and yet too large for what is made of them. */
function expectFiniteJudgement(judgement: Judgement): void {
  const [name] = Object.entries(judgement).find(([, value]) => !Number.isFinite(value)) ?? [];
  if (name !== undefined) throw nonFiniteError(`${name} of the encoder is not finite`);
}

/** The two baselines: the pixels themselves, and the encoder with the weights it starts from. */
async function judgeStart({ config, data }: Run, record: Record): Promise<void> {
  const before = performance.now();
  const untrained = freshParams(config);
  const { judgement } = await judgeEncoder(config, untrained, data);
  disposeTree(untrained);
  const pixels =
    data.evaluation === undefined ? {} : { rawPixels: await judgePixels(config, data.evaluation) };
  record.add({
    step: 0,
    evaluation: { ...judgement, ...pixels },
    machine: { millis: performance.now() - before },
  });
}
