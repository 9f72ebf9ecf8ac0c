import type { CanConfig } from '@twocan/can';
import { patchShape, preset, presetNames } from '@twocan/vit';

/** The values of a token in the narrower of encoder and decoder. */
const room = ({ encoder, decoder }: Pick<CanConfig, 'encoder' | 'decoder'>): number =>
  Math.min(encoder.width, decoder.width);

const valuesOf = ({ encoder }: Pick<CanConfig, 'encoder'>): number => patchShape(encoder).pixels;

/**
 * What to know where noise is predicted, but a token is narrower than a patch has values.
 *
 * White noise of P values that passes through D < P numbers by linear maps keeps at most D/P of its
 * variance, so the loss stays above 1 - D/P of what predicting no noise costs.
 *
 * @param model the method
 * @returns a line, or nothing where patches fit or no noise is predicted
 */
export function narrowTokens(model: CanConfig): string | undefined {
  const { encoder, weights } = model;
  const [values, width] = [valuesOf(model), room(model)];
  if (weights.denoising === 0 || values <= width) return undefined;
  const lost = Math.round(100 * (1 - width / values));
  const ways = [patchThatFits(model), presetsThatFit(model)].filter((way) => way !== undefined);
  return (
    `a patch of ${encoder.patch} px has ${values} values, and a token ${width} at its narrowest: ` +
    `the denoising loss can hardly fall below ${lost}% of what predicting no noise costs` +
    (ways.length > 0 ? `; take ${ways.join(', or ')}` : '')
  );
}

/** The largest patch that divides the image and fits. */
function patchThatFits(model: CanConfig): string | undefined {
  const { image, patch, channels } = model.encoder;
  const sizes = Array.from({ length: patch - 1 }, (_, i) => patch - 1 - i);
  const size = sizes.find(
    (p) =>
      p > 1 && image.height % p === 0 && image.width % p === 0 && p * p * channels <= room(model),
  );
  return size === undefined ? undefined : `--patch ${size}`;
}

/** The presets of this image size whose patches fit. */
function presetsThatFit({ encoder: { image } }: CanConfig): string | undefined {
  const names = presetNames.filter((name) => {
    const sizes = preset(name);
    return sizes.encoder.image.height === image.height && valuesOf(sizes) <= room(sizes);
  });
  return names.length === 0 ? undefined : `--preset ${names.join(', ')}`;
}
