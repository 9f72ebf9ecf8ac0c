import { type Band, type Curve, valueAt } from '@twocan/pretrain';

/** Where a curve leaves its band. */
export type Departure = {
  readonly side: 'above' | 'below';
  /** The share of the run at which it leaves for the first time. */
  readonly from: number;
  /** Whether the newest point is outside. */
  readonly still: boolean;
};

/** A curve that leaves its band at fewer of its points than this share has not left it: bands are of few runs. */
const FEW = 0.2;
/** Bands of runs that agree are thin: a curve that is as near as this share of the value is not outside. */
const MARGIN = 0.02;

/**
 * Where a curve leaves the band of a recipe's runs.
 *
 * @param curve of a run
 * @param band of the same metric
 * @returns on which side most of what is outside lies, and from where on; nothing for a curve that stays inside
 */
export function departureOf(curve: Curve, band: Band): Departure | undefined {
  const low = band.map(([share, value]) => [share, value] as const);
  const high = band.map(([share, , value]) => [share, value] as const);
  const places = curve.flatMap(([share, value]) => {
    const [least, most] = [valueAt(low, share), valueAt(high, share)];
    if (least === undefined || most === undefined) return [];
    const margin = MARGIN * Math.abs(value);
    const side = value > most + margin ? 'above' : value < least - margin ? 'below' : 'inside';
    return [{ share, side }] as const;
  });
  const outside = places.filter(({ side }) => side !== 'inside');
  const [first] = outside;
  if (first === undefined || outside.length < FEW * places.length) return undefined;
  const above = outside.filter(({ side }) => side === 'above').length;
  const side = 2 * above >= outside.length ? 'above' : 'below';
  const from = outside.find((place) => place.side === side)?.share ?? first.share;
  return { side, from, still: places.at(-1)?.side !== 'inside' };
}
