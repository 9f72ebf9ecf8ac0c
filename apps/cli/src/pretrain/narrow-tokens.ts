import { type CanConfig, noiseChoices } from '@twocan/can';
import { patchShape, preset, presetNames } from '@twocan/vit';

type Sizes = Pick<CanConfig, 'encoder' | 'decoder'>;

/** The values of the narrowest token that predicted noise passes: of the encoder, or of the decoder too. */
function roomIn(model: CanConfig): (sizes: Sizes) => number {
  const { from } = noiseChoices(model);
  return ({ encoder, decoder }) =>
    from === 'encoder' ? encoder.width : Math.min(encoder.width, decoder.width);
}

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
  const [values, width] = [valuesOf(model), roomIn(model)(model)];
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
  const room = roomIn(model)(model);
  const sizes = Array.from({ length: patch - 1 }, (_, i) => patch - 1 - i);
  const size = sizes.find(
    (p) => p > 1 && image.height % p === 0 && image.width % p === 0 && p * p * channels <= room,
  );
  return size === undefined ? undefined : `--patch ${size}`;
}

/** The presets of this image size whose patches fit. */
function presetsThatFit(model: CanConfig): string | undefined {
  const { image } = model.encoder;
  const room = roomIn(model);
  const names = presetNames.filter((name) => {
    const sizes = preset(name);
    return sizes.encoder.image.height === image.height && valuesOf(sizes) <= room(sizes);
  });
  return names.length === 0 ? undefined : `--preset ${names.join(', ')}`;
}
