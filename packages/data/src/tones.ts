const KINDS = [
  'autocontrast',
  'equalize',
  'invert',
  'posterize',
  'solarize',
  'solarizeAdd',
] as const;

/**
 * A change of each channel's values, wherever they lie in the picture. `amount` is for `posterize` the
 * bits that stay, 0 to 8; for `solarize` the value from which on pixels are inverted; for `solarizeAdd`
 * what pixels below ½ gain; for the others nothing.
 */
export type ToneChange = { readonly kind: (typeof KINDS)[number]; readonly amount: number };

/** Whether a change is one of tones. */
export const isToneChange = (change: { readonly kind: string }): change is ToneChange =>
  KINDS.some((kind) => kind === change.kind);

/**
 * One change of tones, in place, with torchvision's meaning on tensors in 0 to 1.
 *
 * autocontrast: each channel stretched to 0 to 1; equalize: each channel's 256 values spread evenly;
 * invert: 1 - x; posterize: the highest bits of 8; solarize: inverted from a value on; solarizeAdd, which
 * is timm's: the dark half made lighter, clipped to 1.
 *
 * @param pixels `[..., 3]`, 0 to 1; overwritten
 * @param change what to do
 */
export function changeTones(pixels: Float32Array, { kind, amount }: ToneChange): void {
  if (kind === 'autocontrast') stretch(pixels);
  else if (kind === 'equalize') equalize(pixels);
  else if (kind === 'invert') solarize(pixels, 0);
  else if (kind === 'posterize') posterize(pixels, amount);
  else if (kind === 'solarize') solarize(pixels, amount);
  else lighten(pixels, amount);
}

function stretch(pixels: Float32Array): void {
  for (let c = 0; c < 3; c++) {
    let [low, high] = [1, 0];
    for (let i = c; i < pixels.length; i += 3) {
      low = Math.min(low, pixels[i] as number);
      high = Math.max(high, pixels[i] as number);
    }
    // A channel of one value stays as it is.
    if (high <= low) continue;
    for (let i = c; i < pixels.length; i += 3) {
      pixels[i] = ((pixels[i] as number) - low) / (high - low);
    }
  }
}

function solarize(pixels: Float32Array, from: number): void {
  pixels.forEach((x, i) => {
    if (x >= from) pixels[i] = 1 - x;
  });
}

/** As of an 8-bit picture: its lower bits are cleared. */
function posterize(pixels: Float32Array, bits: number): void {
  const step = 2 ** (8 - bits);
  pixels.forEach((x, i) => {
    pixels[i] = (Math.floor(Math.round(255 * x) / step) * step) / 255;
  });
}

function lighten(pixels: Float32Array, amount: number): void {
  pixels.forEach((x, i) => {
    if (x < 0.5) pixels[i] = Math.min(1, x + amount);
  });
}

/** PIL's table of 256 values: in whole steps, so that pictures of under 256 pixels stay as they are. */
function equalize(pixels: Float32Array): void {
  for (let c = 0; c < 3; c++) {
    const counts = new Int32Array(256);
    for (let i = c; i < pixels.length; i += 3) {
      const value = Math.round(255 * (pixels[i] as number));
      counts[value] = (counts[value] ?? 0) + 1;
    }
    const highest = counts.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((pixels.length / 3 - highest) / 255);
    if (step === 0) continue;
    let below = Math.floor(step / 2);
    const table = Array.from(counts, (count) => {
      const value = Math.min(255, Math.floor(below / step));
      below += count;
      return value / 255;
    });
    for (let i = c; i < pixels.length; i += 3) {
      pixels[i] = table[Math.round(255 * (pixels[i] as number))] ?? 0;
    }
  }
}
