import { type Augmentation, resolveAugmentation } from '@twocan/data';
import { number, setting, type Values } from './setting.ts';

const group = 'Data';
/** The method's recipe, for views in which nothing is too small to blur. */
const LARGE = resolveAugmentation(224);
/** What SimCLR multiplies by its strength s: brightness, contrast and saturation by one, hue by the other. */
const REACH = { tones: 0.8, hue: 0.2 } as const;

/** How views of the images are cut and changed. */
export const VIEWS = {
  cropMin: setting(number({ above: 0, max: 1 }), {
    group,
    default: LARGE.scale[0],
    text: "Smallest crop, a share of the image's area",
  }),
  jitterStrength: setting(number({ min: 0, max: 2.5 }), {
    group,
    default: LARGE.brightness / REACH.tones,
    text: `Strength of the colour jitter: brightness, contrast and saturation vary by ${REACH.tones} times it, hue by ${REACH.hue} times it; SimCLR's is 1, 0.5 for CIFAR-10; 0 for none`,
  }),
  grey: setting(number({ min: 0, max: 1 }), {
    group,
    default: LARGE.grey,
    text: 'Share of views without colour',
  }),
  blur: setting(number({ min: 0, max: 1 }), {
    group,
    usual: `${LARGE.blur}, or 0 below 64 px`,
    text: 'Share of views that are blurred',
  }),
  blurSigma: setting(number({ min: LARGE.sigma[0], max: 100 }), {
    group,
    default: LARGE.sigma[1],
    text: 'Largest deviation of the blur in pixels of a view of 224 px, in proportion for others: 2 is 0.3 px at 32',
  }),
  solarize: setting(number({ min: 0, max: 1 }), {
    group,
    default: 0,
    text: "Share of views whose bright values are inverted; BYOL's is 0.2 in one of two views",
  }),
};

/**
 * How views of the images are changed.
 *
 * @param values settings, checked
 * @param size side of the views in pixels
 * @returns the complete augmentation
 */
export function resolveViews(values: Values<typeof VIEWS>, size: number): Augmentation {
  const { cropMin, jitterStrength, grey, blur, blurSigma, solarize } = values;
  const tones = REACH.tones * jitterStrength;
  return resolveAugmentation(size, {
    scale: [cropMin, 1],
    brightness: tones,
    contrast: tones,
    saturation: tones,
    hue: REACH.hue * jitterStrength,
    grey,
    ...(blur !== undefined && { blur }),
    sigma: [LARGE.sigma[0], blurSigma],
    ...(solarize > 0 && { solarize }),
  });
}
