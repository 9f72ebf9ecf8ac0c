/** What transparent pixels are blended over: next to it, black shapes and white ones stay visible. */
export const BACKGROUND = 128;

const WHITES = [8, 10, 12, 14, 16].map((bits) => 2 ** bits - 1);

/** Samples as a file stores them. */
export type Samples =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array;

/** Which sample is black and which white. */
export type SampleRange = { readonly black: number; readonly white: number };

/**
 * Which samples are black and which white, from the samples of one picture:
 *
 * - whole numbers from 0 to 65535: white is the largest number of 8, 10, 12, 14 or 16 bits, the
 *   fewest that hold the largest sample (cameras and scanners store 12 bits in 16)
 * - fractions from 0 to 1: black is 0, white is 1
 * - others (a negative sample, a fraction or a number above): the smallest is black, the largest
 *   white, as viewers of such pictures show them
 *
 * @param samples rows of pixels, channels innermost
 * @param channels how many a pixel has
 * @param colours how many of them count: alpha comes after
 * @returns the range; undefined where no sample is a finite number
 */
export function rangeOf(
  samples: Samples,
  channels: number,
  colours: number,
): SampleRange | undefined {
  let [least, largest, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (let at = 0; at < samples.length; at += channels) {
    for (let i = at; i < at + colours; i++) {
      const value = samples[i] ?? 0;
      if (!Number.isFinite(value)) continue;
      if (value < least) least = value;
      if (value > largest) largest = value;
      if (whole && !Number.isInteger(value)) whole = false;
    }
  }
  if (largest < least) return undefined;
  const fractions = samples instanceof Float32Array;
  if (fractions && least >= 0 && largest <= 1) return { black: 0, white: 1 };
  const white = WHITES.find((most) => largest <= most);
  if (!whole || least < 0 || white === undefined) return { black: least, white: largest };
  return { black: 0, white: Math.min(white, largestOf(samples)) };
}

/** Signed types end before the bits they are stored in. */
function largestOf(samples: Samples): number {
  if (samples instanceof Int8Array) return 127;
  return samples instanceof Int16Array ? 32767 : Number.POSITIVE_INFINITY;
}

/**
 * Samples as 8-bit RGB. What is not a number is black; infinities are black and white.
 *
 * @param samples rows of pixels, channels innermost
 * @param layout.channels how many a pixel has
 * @param layout.colours 1 of grey or 3 of RGB: these come first
 * @param layout.inverted whether small numbers are light
 * @param layout.opacity one sample a pixel
 * @param range which sample is black and which white
 * @returns three bytes a pixel
 */
export function toBytes(
  samples: Samples,
  layout: {
    readonly channels: number;
    readonly colours: number;
    readonly inverted: boolean;
    readonly opacity: Samples | undefined;
  },
  { black, white }: SampleRange,
): Uint8Array {
  const { channels, colours, inverted, opacity } = layout;
  const opaque = (opacity && rangeOf(opacity, 1, 1)?.white) || 1;
  const rgb = new Uint8Array((samples.length / channels) * 3);
  const scale = white > black ? 255 / (white - black) : 0;
  for (let pixel = 0; 3 * pixel < rgb.length; pixel++) {
    const at = pixel * channels;
    const share = opacity === undefined ? 1 : Math.min(1, (opacity[pixel] ?? 0) / opaque);
    for (let c = 0; c < 3; c++) {
      const sample = samples[at + (colours === 3 ? c : 0)] ?? 0;
      const light = Math.min(255, Math.max(0, (sample - black) * scale));
      const tone = (inverted ? 255 - light : light) || 0;
      rgb[3 * pixel + c] = Math.round(share * tone + (1 - share) * BACKGROUND);
    }
  }
  return rgb;
}

/** Numbers of 16-bit floats (1 sign, 5 exponent and 10 fraction bits). */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return (
      sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
    );
  });
}
