import type { Interpolation } from '@twocan/patches';
import { brief, channelsOf, partOf, type Settings, wholeOf } from './config-file.ts';
import { fail } from './fail.ts';

/** How images become the numbers that a model reads. */
export type FolderImages = {
  /** Taken off pixels of 0 to 1, channel by channel. */
  readonly mean: readonly number[];
  /** What they are divided by. */
  readonly std: readonly number[];
  readonly interpolation: Interpolation;
};

/** Pillow's numbers of the filters, which transformers' `resample` is. */
export const RESAMPLE: Readonly<Record<Interpolation, number>> = {
  lanczos: 1,
  bilinear: 2,
  bicubic: 3,
};

/** ImageNet's: what ViT and MAE weights are usually trained with. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/**
 * How a folder says that images are to be prepared.
 *
 * @param config config.json, with timm's `pretrained_cfg`
 * @param preprocessor preprocessor_config.json
 * @param channels of the images
 * @returns mean, deviation and filter, and remarks
 * @throws RangeError for numbers that cannot be used
 */
export function imagesOf(
  config: Settings,
  preprocessor: Settings,
  channels: number,
): { readonly images: FolderImages; readonly notes: readonly string[] } {
  const told = { ...partOf(config, 'pretrained_cfg'), ...partOf(config, 'images') };
  const rules = { ...told, ...renamed(preprocessor) };
  const mean = channelsOf(rules, 'mean', channels);
  const std = channelsOf(rules, 'std', channels);
  if (std?.some((x) => x <= 0)) fail(`std must be above 0, got ${brief(std)}`);
  const { interpolation, note } = interpolationOf(rules.interpolation);
  const known = mean !== undefined && std !== undefined;
  if (!known && channels !== 3) {
    fail(`no file says mean and deviation of ${channels} channels; write preprocessor_config.json`);
  }
  const { mean: m, std: s } = IMAGENET;
  const notes = known
    ? []
    : ["no file says how pixels are normalised: ImageNet's mean and deviation are used"];
  return {
    images: { mean: mean ?? m, std: std ?? s, interpolation },
    notes: [...notes, ...(note ? [note] : [])],
  };
}

/** The settings of transformers' image processors by timm's names. */
function renamed(settings: Settings): Settings {
  const scale = settings.rescale_factor;
  if (typeof scale === 'number' && Math.abs(scale * 255 - 1) > 1e-3) {
    fail(`rescale_factor must be 1/255, got ${brief(scale)}`);
  }
  if (settings.do_rescale === false) fail('do_rescale must be true, got false');
  const plain = settings.do_normalize === false ? { mean: 0, std: 1 } : {};
  const { image_mean: mean, image_std: std } = settings;
  const resample = wholeOf({ ...settings, resample: settings.resample || undefined }, 'resample');
  const filter = Object.entries(RESAMPLE).find(([, number]) => number === resample)?.[0];
  return {
    ...(mean !== undefined && { mean }),
    ...(std !== undefined && { std }),
    ...plain,
    ...(settings.resample !== undefined && {
      interpolation: filter ?? `filter ${brief(settings.resample)}`,
    }),
  };
}

function interpolationOf(value: unknown): {
  readonly interpolation: Interpolation;
  readonly note?: string;
} {
  if (value === undefined) return { interpolation: 'bilinear' };
  if (typeof value === 'string' && Object.hasOwn(RESAMPLE, value)) {
    return { interpolation: value as Interpolation };
  }
  return {
    interpolation: 'bilinear',
    note: `images are resized bilinearly: ${brief(value)} is not supported`,
  };
}
