import { silentDenoising, type TermName, termNames } from '@twocan/can';
import type { Curve } from '@twocan/pretrain';
import type { RunConfig } from '../run/config.ts';

/** What is known of a run's curves. */
export type Seen = {
  readonly config: RunConfig;
  /** The curve of a metric over the whole run; empty where there is none. */
  readonly curve: (metric: string) => Curve;
};

/** Something about a curve that a person should know, and what it usually means. */
export type Finding = { readonly what: string; readonly means: string };

/** So much of the run must be done before anything is said of it. */
const EARLIEST = 0.1;
/** The newest part of a curve that is looked at. */
const NEWEST = 0.25;

/** The mean of the newest quarter of what is there; nothing too early in a run. */
function newest(curve: Curve): number | undefined {
  const [end] = curve.at(-1) ?? [0];
  if (end < EARLIEST) return undefined;
  const part = curve.filter(([share]) => share >= end * (1 - NEWEST)).map(([, value]) => value);
  return part.reduce((sum, value) => sum + value, 0) / part.length;
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.01 ? 1 : 0)}%`;
const short = (value: number): string => String(Number(value.toPrecision(3)));

/** Nearer than this share of what chance gives is chance. */
const CHANCE = 0.97;
/** More than this of the error of no prediction at all is none. */
const UNLEARNED = 0.95;
/** A term with less than this share of the encoder's gradient teaches it next to nothing. */
const DROWNED = 0.05;
/** A rank below this share of its largest value has fallen. */
const FALLEN = 0.6;
/** Embeddings less even than this are near one point. */
const ONE_POINT = -0.5;

/** A case: what it looks like in the curves. */
type Case = (seen: Seen) => Finding | undefined;

function chance({ config, curve }: Seen): Finding | undefined {
  const value = newest(curve('contrastive'));
  const atChance = Math.log(2 * config.batch - 1);
  if (value === undefined || value < CHANCE * atChance) return undefined;
  return {
    what: `The contrastive loss stays at ${short(value)}; chance is ln(2 × ${config.batch} − 1) = ${short(atChance)}.`,
    means:
      'The views of an image are not found among the others. Usually the learning rate is far too small or far too large, the temperature too high, or crops so small that two views share nothing.',
  };
}

function meanColour({ config: { model }, curve }: Seen): Finding | undefined {
  const value = newest(curve('reconstruction'));
  if (value === undefined || !model.normalizePixels || value < UNLEARNED) return undefined;
  return {
    what: `The reconstruction loss stays at ${short(value)}; the mean colour of each patch gives 1.`,
    means:
      'Nothing is filled in yet. Usually the learning rate is too small, the run too short, or the weight of reconstruction next to the others too low.',
  };
}

function silence({ config: { model }, curve }: Seen): Finding | undefined {
  const value = newest(curve('denoising'));
  if (value === undefined) return undefined;
  const silent = silentDenoising(model);
  if (value < UNLEARNED * silent) return undefined;
  return {
    what: `The denoising loss stays at ${short(value)}; predicting no noise at all costs ${short(silent)}.`,
    means:
      'No noise is predicted. Usually the term drowns in the gradients of the others (give it a larger weight), the noise is too faint (--sigma-max), or a patch has more values than a token can carry (a smaller --patch).',
  };
}

function collapse({ curve }: Seen): Finding | undefined {
  const ranks = curve('effectiveRank').map(([, value]) => value);
  const last = ranks.at(-1) ?? 0;
  const largest = ranks.reduce((a, b) => Math.max(a, b), 0);
  if (ranks.length < 2 || last > FALLEN * largest) return undefined;
  return {
    what: `The effective rank fell from ${short(largest)} to ${short(last)}.`,
    means:
      'Features collapse to a few directions. Usually the learning rate is too large, the batch too small, or contrast weighs too little.',
  };
}

function onePoint({ curve }: Seen): Finding | undefined {
  const value = newest(curve('uniformity'));
  if (value === undefined || value < ONE_POINT) return undefined;
  return {
    what: `Uniformity is ${short(value)}: all embeddings lie near one point.`,
    means:
      'The projection collapses. Usually contrast weighs too little, or the learning rate is too large.',
  };
}

const drowned =
  (term: TermName): Case =>
  ({ curve }) => {
    const value = newest(curve(`share/${term}`));
    if (value === undefined || value >= DROWNED) return undefined;
    return {
      what: `The term ${term} drowns: its share of the encoder's gradient is ${percent(value)}.`,
      means: `It teaches the encoder next to nothing. A larger weight of ${term} (--weights) gives it a say.`,
    };
  };

/** Everything that can be seen in the curves of a run alone. */
const CASES: readonly Case[] = [
  chance,
  meanColour,
  silence,
  collapse,
  onePoint,
  ...termNames.map(drowned),
];

/**
 * What can be seen in the curves of a run without others to compare with.
 *
 * @param seen config and curves
 * @returns findings; none where all is as it should be, or too early
 */
export const findingsOf = (seen: Seen): Finding[] => CASES.flatMap((one) => one(seen) ?? []);
