import { type CanConfig, silentDenoising } from '@twocan/can';
import { meanAndDeviation } from '@twocan/evaluate';
import { evaluationsIn, type MetricsLine } from '../run/metrics-file.ts';

/** Metrics with this beginning are shares of the terms in the encoder's gradient. */
const SHARE = 'share/';
/** The part of a run that counts as its end. */
const END = 0.1;

/** A moment of a run at which k-NN was evaluated on some pictures. */
export type Moment = {
  readonly step: number;
  readonly knn: number;
  /** As in {@link Course}, over the steps before it. */
  readonly denoising?: number;
};

/** What the metrics of a run say beside its accuracies. */
export type Course = {
  /** The denoising loss of the last tenth of the steps, beside what predicting no noise costs. */
  readonly denoising?: number;
  /** The shares of the terms in the encoder's gradient over the same steps, by term. */
  readonly shares: Readonly<Record<string, number>>;
  /** In order; after the first step. */
  readonly moments: readonly Moment[];
};

/**
 * Reads the course of a run from its metrics.
 *
 * @param lines those of the run
 * @param model the method's config
 * @returns its end and the moments of its evaluations
 */
export function courseOf(lines: readonly MetricsLine[], model: CanConfig): Course {
  const steps = lines.filter(({ evaluation }) => evaluation === undefined);
  const predicts = model.weights.denoising > 0 && model.noise.max > 0;
  const silence = predicts ? silentDenoising(model) : undefined;
  const before = (step: number): readonly MetricsLine[] => {
    const from = step * (1 - END);
    return steps.filter((line) => line.step > from && line.step <= step);
  };
  const denoising = (step: number): { readonly denoising?: number } => {
    const loss = meanOf(before(step), 'denoising');
    return silence === undefined || loss === undefined ? {} : { denoising: loss / silence };
  };
  const last = steps.at(-1)?.step ?? 0;
  // Shares may be measured at some of the steps alone.
  const names = new Set(before(last).flatMap((line) => Object.keys(line)));
  const shares = [...names].filter((name) => name.startsWith(SHARE));
  return {
    ...denoising(last),
    shares: Object.fromEntries(
      shares.map((name) => [name.slice(SHARE.length), meanOf(before(last), name) ?? Number.NaN]),
    ),
    moments: evaluationsIn(lines).flatMap(({ step, scores }) =>
      step === 0 || scores.knn === undefined ? [] : [{ step, knn: scores.knn, ...denoising(step) }],
    ),
  };
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : meanAndDeviation(values).mean;

/** Of the lines that have it. */
const meanOf = (lines: readonly MetricsLine[], name: string): number | undefined =>
  mean(lines.map((line) => line[name]).filter((value) => typeof value === 'number'));

/**
 * How long a run was trained.
 *
 * @param lines its metrics
 * @returns milliseconds of all its steps together, without its evaluations
 */
export const millisOf = (lines: readonly MetricsLine[]): number =>
  lines.reduce((sum, { evaluation, machine }) => sum + (evaluation ? 0 : (machine.millis ?? 0)), 0);
