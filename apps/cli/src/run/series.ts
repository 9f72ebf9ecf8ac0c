import { type TermName, termNames } from '@twocan/can';
import type { MetricsLine } from './metrics-file.ts';

/** One curve of a run: where it is drawn, and what a person should see in it. */
export type Series = {
  /** The name in TensorBoard; the part before the slash is its group. */
  readonly tag: string;
  readonly title: string;
  readonly reading: string;
  /** The name of the metric, where a recipe may have a band of it. */
  readonly metric?: string;
  /** The value in a line of metrics, if it has one. */
  readonly of: (line: MetricsLine) => number | undefined;
};

const ofStep =
  (name: string) =>
  (line: MetricsLine): number | undefined => {
    const value = line[name];
    return line.evaluation === undefined && typeof value === 'number' ? value : undefined;
  };

const ofMachine =
  (name: string) =>
  (line: MetricsLine): number | undefined =>
    line.evaluation === undefined ? line.machine[name] : undefined;

const ofEvaluation =
  (name: string) =>
  ({ evaluation }: MetricsLine): number | undefined =>
    evaluation?.[name];

/** What to see in the curve of each term. */
const READINGS: Readonly<Record<TermName, string>> = {
  contrastive:
    'Starts near ln(2 × batch − 1), where views are matched by chance, and falls as the two views of an image find each other.',
  reconstruction:
    'Mean squared error on hidden patches, each scaled to variance 1: 1 is as good as the mean colour, so it must come below 1.',
  denoising: 'Mean squared error of the predicted noise. Noise is faint, so the numbers are small.',
};

/** Every curve, in the order in which a person wants them. */
export const SERIES: readonly Series[] = [
  {
    tag: 'loss/total',
    title: 'Loss',
    metric: 'loss',
    of: ofStep('loss'),
    reading: 'The weighted sum of the terms. Falling fast at first, then slowly, is what you want.',
  },
  ...termNames.map((name) => ({
    tag: `loss/${name}`,
    title: `${name.charAt(0).toUpperCase()}${name.slice(1)} loss`,
    metric: name,
    of: ofStep(name),
    reading: READINGS[name],
  })),
  ...termNames.map((name) => ({
    tag: `share/${name}`,
    title: `Share of ${name}`,
    of: ofStep(`share/${name}`),
    reading:
      "Of the lengths of the terms' gradients at the encoder. A term whose share is next to 0 teaches it nothing.",
  })),
  {
    tag: 'evaluation/knn',
    title: 'k-NN top-1',
    metric: 'knn',
    of: ofEvaluation('knn'),
    reading:
      'Share of held-out images whose class their nearest neighbours name. Useful features lie above both baselines.',
  },
  {
    tag: 'collapse/alignment',
    title: 'Alignment',
    of: ofStep('alignment'),
    reading:
      'Squared distance between the two views of an image on the unit sphere: 0 agree, 2 unrelated. It should fall.',
  },
  {
    tag: 'collapse/uniformity',
    title: 'Uniformity',
    of: ofStep('uniformity'),
    reading:
      'How evenly embeddings spread: 0 is one point (collapse), −4 is even. It should stay well below 0.',
  },
  {
    tag: 'collapse/effective-rank',
    title: 'Effective rank',
    metric: 'effectiveRank',
    of: ofEvaluation('effectiveRank'),
    reading:
      'How many directions the features use, of at most the width of the encoder. A fall towards 1 is collapse.',
  },
  {
    tag: 'collapse/rankme',
    title: 'RankMe',
    of: ofEvaluation('rankMe'),
    reading:
      'The same of the features as they are, their mean included, as papers report it. It lies below the effective rank.',
  },
  {
    tag: 'collapse/alpha',
    title: 'Alpha',
    of: ofEvaluation('alpha'),
    reading:
      'How fast the variances of the features fall from one direction to the next. About 1 is good; far above, a few directions hold everything.',
  },
  {
    tag: 'optimizer/gradient-norm',
    title: 'Gradient norm',
    of: ofStep('gradNorm'),
    reading: 'Length of the gradient. Spikes ask for a lower learning rate.',
  },
  {
    tag: 'optimizer/learning-rate',
    title: 'Learning rate',
    of: ofStep('learningRate'),
    reading: 'A short warm-up, then half a cosine down to 0.',
  },
  {
    tag: 'machine/images-per-second',
    title: 'Images per second',
    of: ofMachine('imagesPerSecond'),
    reading: 'Speed of a step, loading included. Dips are other programs, or a slow disk.',
  },
  {
    tag: 'machine/rss-megabytes',
    title: 'Memory, MB',
    of: ofMachine('rssMegabytes'),
    reading: 'Resident memory of the process. It should be flat after the first steps.',
  },
];
