import { termNames } from '@twocan/can';
import type { Reference } from '@twocan/pretrain';
import type { Finding, Seen } from './cases.ts';
import { type Departure, departureOf } from './departures.ts';

/** What a curve usually means that leaves its band: from the first steps on, or later. */
type Meaning = { readonly early: string; readonly later: string };

const SLOW =
  'The run learns more slowly from the first steps on. Usually the learning rate is too small for the batch, the warm-up too long, or pixels are normalised otherwise.';
const STUCK =
  'The images are harder or more varied than those of the recipe, or the learning rate is too large to settle.';
const EASY =
  'The images are easier than those of the recipe: alike, few and seen often, or with near-duplicates among them.';
const WORSE =
  'Features separate the classes less well: the classes may be harder, or more of them. If the losses are in their bands, the images are the reason.';

/** What it usually means, by metric and side. */
const MEANINGS: Readonly<Record<string, Readonly<Record<Departure['side'], Meaning>>>> = {
  loss: { above: { early: SLOW, later: STUCK }, below: { early: EASY, later: EASY } },
  contrastive: {
    above: { early: SLOW, later: STUCK },
    below: { early: EASY, later: EASY },
  },
  reconstruction: {
    above: { early: SLOW, later: 'The images have more texture than those of the recipe.' },
    below: { early: EASY, later: 'The images are smoother than those of the recipe.' },
  },
  denoising: {
    above: { early: SLOW, later: STUCK },
    below: { early: EASY, later: 'The images are smoother than those of the recipe.' },
  },
  knn: {
    above: { early: 'The classes are easier.', later: 'The classes are easier. All is well.' },
    below: { early: WORSE, later: WORSE },
  },
  effectiveRank: {
    above: { early: 'The images are more varied.', later: 'The images are more varied.' },
    below: {
      early: 'The images are few or alike.',
      later:
        'Features use fewer directions as training goes on: the beginning of a collapse. Usually the learning rate is too large or the batch too small.',
    },
  },
};

const NAMES: Readonly<Record<string, string>> = {
  loss: 'loss',
  contrastive: 'contrastive loss',
  reconstruction: 'reconstruction loss',
  denoising: 'denoising loss',
  knn: 'k-NN',
  effectiveRank: 'effective rank',
};

/** A curve that leaves its band before this share of the run does so from the first steps on. */
const EARLY = 0.15;

/**
 * Where a run's curves leave the bands of its recipe, and what that usually means.
 *
 * @param seen config and curves
 * @param reference the bands
 * @returns a finding for each curve that leaves its band
 */
export function departuresFrom({ curve }: Seen, { bands }: Reference): Finding[] {
  const found = Object.entries(bands).flatMap(([metric, band]) => {
    const departure = departureOf(curve(metric), band);
    return departure === undefined ? [] : [{ metric, ...departure }];
  });
  // A term says more than the sum that it is in.
  const isExplained = found.some(({ metric }) => (termNames as readonly string[]).includes(metric));
  return found.flatMap(({ metric, side, from, still }) => {
    const meaning = MEANINGS[metric];
    if (meaning === undefined || (metric === 'loss' && isExplained)) return [];
    const means = meaning[side][from < EARLY ? 'early' : 'later'];
    const until = still ? 'on' : 'on, and is back inside now';
    return [
      {
        what: `The ${NAMES[metric] ?? metric} lies ${side} the band from ${Math.round(100 * from)}% of the run ${until}.`,
        means,
      },
    ];
  });
}

/**
 * What the bands are of, and what has none.
 *
 * @param reference the bands
 * @returns sentences
 */
export function aboutReference({ recipe, runs, data, bands, differs }: Reference): string {
  const names = Object.keys(bands).map((metric) => NAMES[metric] ?? metric);
  const of = `${runs} ${runs === 1 ? 'run' : 'runs'} of the recipe ${recipe} (${data.join(', ')})`;
  const why = differs.length === 0 ? '' : ` Other settings: ${differs.join('; ')}.`;
  if (names.length === 0) return `The curves cannot be compared with those of ${of}.${why}`;
  return `The grey bands are where ${of} lie: ${names.join(', ')}.${why}`;
}
