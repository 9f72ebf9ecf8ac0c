import { expectInteger, refuse } from '@twocan/core';

/** How values between pixels are found. */
export type Interpolation = 'bilinear' | 'bicubic' | 'lanczos';

type Filter = {
  /** Where it ends, in pixels of the smaller of the two sides. */
  readonly reach: number;
  /** Its height at a distance of 0 or more. */
  readonly at: (distance: number) => number;
};

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Those of Pillow, and so of PyTorch with antialiasing; the cubic one has a = -1/2. */
const FILTERS: Readonly<Record<Interpolation, Filter>> = {
  bilinear: { reach: 1, at: (x) => Math.max(0, 1 - x) },
  bicubic: {
    reach: 2,
    at: (x) => {
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
  lanczos: { reach: 3, at: (x) => (x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** The names of the ways to find values between pixels. */
export const interpolations = Object.keys(FILTERS) as readonly Interpolation[];

/** For each output position: where its source window starts, how wide it is, and its weights. */
export type Taps = {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** Those of position i begin at `i * stride`, and sum to 1. */
  readonly weights: Float32Array;
  readonly stride: number;
};

/**
 * The weights that resample a line of values to another length: a filter as wide as the shrinking needs.
 *
 * @param from values of the line
 * @param to values of the result
 * @param interpolation the filter
 * @returns a window of weights for each value of the result
 * @throws RangeError for a length below 1, or an unknown filter
 * @example
 * const { starts, counts, weights, stride } = resamplingTaps(8, 4, 'bilinear');
 *
 * As `torch.nn.functional.interpolate` with `antialias=True`, and Pillow.
 */
export function resamplingTaps(from: number, to: number, interpolation: Interpolation): Taps {
  expectInteger('resamplingTaps', 'from', from);
  expectInteger('resamplingTaps', 'to', to);
  if (!interpolations.includes(interpolation)) {
    const rule = `be one of ${interpolations.join(', ')}`;
    refuse('resamplingTaps', 'interpolation', rule, interpolation);
  }
  const { reach, at } = FILTERS[interpolation];
  const ratio = from / to;
  const scale = Math.max(1, ratio);
  const support = reach * scale;
  const stride = 2 * Math.ceil(support) + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const weights = new Float32Array(to * stride);
  for (let i = 0; i < to; i++) {
    const centre = ratio * (i + 0.5);
    const start = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(from, Math.floor(centre + support + 0.5));
    let total = 0;
    for (let j = start; j < end; j++) total += at(Math.abs(j + 0.5 - centre) / scale);
    for (let j = start; j < end; j++) {
      weights[i * stride + j - start] = at(Math.abs(j + 0.5 - centre) / scale) / total;
    }
    starts[i] = start;
    counts[i] = end - start;
  }
  return { starts, counts, weights, stride };
}
