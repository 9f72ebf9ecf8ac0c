import {
  expectInteger,
  expectKey,
  expectNumber,
  expectOptions,
  expectType,
  fold,
  type Key,
  permutation,
  uniform,
} from '@twocan/core';
import type { ColourChange } from './colour.ts';
import { type Crop, type CropRanges, centreCrop, sampleCrop } from './crop.ts';
import { type Erasure, sampleErasure } from './erase.ts';
import { type Operation, type RandAugment, sampleOperations } from './rand-augment.ts';

/**
 * What happens to one picture to make one view: plain JSON, applied by `applyPlan` in this order; `erase`
 * by {@link erase} once the view is normalised.
 */
export type ViewPlan = {
  readonly crop: Crop;
  readonly flip: boolean;
  /** Applied in the order given, RandAugment's before the jitter's; empty for none. */
  readonly operations: readonly Operation[];
  readonly grey: boolean;
  /** Standard deviation of the Gaussian blur in pixels of the view; 0 for none. */
  readonly sigma: number;
  /** Whether bright values are inverted, after the blur; absent for no. */
  readonly solarize?: true;
  /** A rectangle of noise; absent for none. */
  readonly erase?: Erasure;
};

/** How views vary. Every field has a default; see {@link resolveAugmentation}. */
export type Augmentation = CropRanges & {
  readonly flip: number;
  /** Probability of any colour jitter. */
  readonly jitter: number;
  /** Factors are drawn from U(max(0, 1-a), 1+a). */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Shift in turns, drawn from U(-a, a); at most ½. */
  readonly hue: number;
  readonly grey: number;
  /** Probability of blur. */
  readonly blur: number;
  /** Standard deviation in pixels of a 224-pixel view; scaled with the view's size. */
  readonly sigma: readonly [number, number];
  /** Probability of inverting values of ½ and more; 0 where left out. BYOL has 0.2 in one of two views. */
  readonly solarize?: number;
  /** For fine-tuning; none where left out. */
  readonly randAugment?: RandAugment;
  /** Probability of a rectangle of noise; 0 where left out. MAE fine-tunes with 0.25. */
  readonly erasing?: number;
};

/**
 * Complete augmentation settings: the CAN paper's public recipe, with your changes.
 *
 * Crop 0.2–1, flip ½, jitter 0.4/0.4/0.4/0.1 with p 0.8, grey 0.2, blur ½ with σ U(0.1, 2) at
 * 224 pixels, scaled to the view. Below 64 pixels that σ is under half a pixel and blur is off.
 *
 * @param size side of the views in pixels
 * @param changes settings that differ from the default
 * @returns settings with every field present
 * @throws RangeError listing every setting that is out of range
 * @example
 * const strong = resolveAugmentation(224, { scale: [0.08, 1], brightness: 0.8, hue: 0.2 });
 *
 * Recipe of github.com/shlokk/mae-contrastive; SimCLR (arXiv:2002.05709, appendix A) is stronger.
 */
export function resolveAugmentation(
  size: number,
  changes: Partial<Augmentation> = {},
): Augmentation {
  expectInteger('resolveAugmentation', 'size', size);
  expectOptions('resolveAugmentation', 'changes', changes, [], NAMES);
  const settings: Augmentation = {
    scale: [0.2, 1],
    aspect: [3 / 4, 4 / 3],
    flip: 0.5,
    jitter: 0.8,
    brightness: 0.4,
    contrast: 0.4,
    saturation: 0.4,
    hue: 0.1,
    grey: 0.2,
    blur: size < 64 ? 0 : 0.5,
    sigma: [0.1, 2],
    ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
  };
  expectAugmentation('resolveAugmentation', settings);
  const problems: string[] = [];
  const demand = (fits: boolean, rule: string, got: unknown): void => {
    if (!fits) problems.push(`${rule}, got ${JSON.stringify(got)}`);
  };
  for (const name of ['flip', 'jitter', 'grey', 'blur'] as const) {
    const p = settings[name];
    demand(p >= 0 && p <= 1, `${name} must be a probability`, p);
  }
  for (const name of ['brightness', 'contrast', 'saturation'] as const) {
    demand(settings[name] >= 0, `${name} must be 0 or more`, settings[name]);
  }
  demand(settings.hue >= 0 && settings.hue <= 0.5, 'hue must lie in [0, 0.5]', settings.hue);
  const { scale, aspect, sigma } = settings;
  demand(
    scale[0] > 0 && scale[0] <= scale[1] && scale[1] <= 1,
    'scale must rise within (0, 1]',
    scale,
  );
  demand(aspect[0] > 0 && aspect[0] <= aspect[1], 'aspect must rise above 0', aspect);
  demand(sigma[0] > 0 && sigma[0] <= sigma[1], 'sigma must rise above 0', sigma);
  const { randAugment, erasing = 0, solarize = 0 } = settings;
  demand(erasing >= 0 && erasing <= 1, 'erasing must be a probability', erasing);
  demand(solarize >= 0 && solarize <= 1, 'solarize must be a probability', solarize);
  if (randAugment !== undefined) {
    const { operations, magnitude } = randAugment;
    demand(
      Number.isInteger(operations) && operations >= 0,
      'randAugment.operations must be an integer of 0 or more',
      operations,
    );
    demand(
      magnitude >= 0 && magnitude <= 10,
      'randAugment.magnitude must lie in [0, 10]',
      magnitude,
    );
  }
  if (problems.length > 0) throw new RangeError(`resolveAugmentation: ${problems.join('; ')}`);
  return settings;
}

/**
 * Draws what one view does to one picture.
 *
 * @param key a key of this picture, epoch and view alone
 * @param source width and height of the picture in pixels
 * @param size side of the view in pixels (blur is scaled to it)
 * @param settings complete settings, of {@link resolveAugmentation}
 * @returns the plan; every consumer folds the key by its own name, so switching one augmentation
 *   off leaves the others as they were
 * @example
 * const plan = sampleViewPlan(key(1), { width: 48, height: 40 }, 32, resolveAugmentation(32));
 */
export function sampleViewPlan(
  key: Key,
  source: { readonly width: number; readonly height: number },
  size: number,
  settings: Augmentation,
): ViewPlan {
  expectKey('sampleViewPlan', 'key', key);
  expectSides('sampleViewPlan', source);
  expectInteger('sampleViewPlan', 'size', size, 1, 2 ** 15);
  expectAugmentation('sampleViewPlan', settings);
  const coin = (name: string, probability: number): boolean =>
    (uniform(fold(key, name), 1)[0] ?? 0) < probability;
  const [sigmaLow, sigmaHigh] = settings.sigma;
  const sigma = between(uniform(fold(key, 'sigma'), 1)[0], sigmaLow, sigmaHigh);
  const erasure = coin('erase?', settings.erasing ?? 0)
    ? sampleErasure(fold(key, 'erase'), size)
    : undefined;
  return {
    crop: sampleCrop(fold(key, 'crop'), source, settings),
    flip: coin('flip', settings.flip),
    operations: [
      ...(settings.randAugment === undefined
        ? []
        : sampleOperations(fold(key, 'operations'), settings.randAugment)),
      ...(coin('jitter?', settings.jitter) ? sampleJitter(fold(key, 'jitter'), settings) : []),
    ],
    grey: coin('grey', settings.grey),
    sigma: coin('blur', settings.blur) ? (sigma * size) / 224 : 0,
    ...(coin('solarize', settings.solarize ?? 0) && { solarize: true }),
    ...(erasure === undefined ? {} : { erase: erasure }),
  };
}

function sampleJitter(key: Key, settings: Augmentation): ColourChange[] {
  const kinds = ['brightness', 'contrast', 'saturation', 'hue'] as const;
  const draws = uniform(fold(key, 'amount'), kinds.length);
  return Array.from(permutation(fold(key, 'order'), kinds.length)).flatMap((i) => {
    const kind = kinds[i];
    if (kind === undefined || !(settings[kind] > 0)) return [];
    const reach = settings[kind];
    const low = kind === 'hue' ? -reach : Math.max(0, 1 - reach);
    return [{ kind, amount: between(draws[i], low, kind === 'hue' ? reach : 1 + reach) }];
  });
}

/**
 * The plan of an unaugmented view: the centre square, resized; what evaluation uses.
 *
 * @param source width and height of the picture
 * @returns a plan without any randomness
 * @example
 * centrePlan({ width: 48, height: 40 }).crop; // { x: 4, y: 0, width: 40, height: 40 }
 */
export function centrePlan(source: { readonly width: number; readonly height: number }): ViewPlan {
  expectSides('centrePlan', source);
  const side = Math.min(source.width, source.height);
  const crop = centreCrop(source, side, side);
  return { crop, flip: false, operations: [], grey: false, sigma: 0 };
}

const between = (u: number | undefined, low: number, high: number): number =>
  low + (high - low) * (u ?? 0);

const PROBABILITIES = ['flip', 'jitter', 'grey', 'blur'] as const;
const STRENGTHS = ['brightness', 'contrast', 'saturation', 'hue'] as const;
const RANGES = ['scale', 'aspect', 'sigma'] as const;
const NAMES = [...PROBABILITIES, ...STRENGTHS, ...RANGES, 'solarize', 'randAugment', 'erasing'];

/** Checks that an argument is a whole augmentation of numbers. */
function expectAugmentation(caller: string, settings: Augmentation): void {
  expectOptions(caller, 'settings', settings, [...PROBABILITIES, ...STRENGTHS, ...RANGES]);
  for (const name of [...PROBABILITIES, ...STRENGTHS]) {
    expectNumber(caller, name, settings[name], 'be finite', Number.isFinite);
  }
  for (const name of RANGES) {
    expectType(caller, name, settings[name], Array);
    for (const end of [0, 1]) {
      expectNumber(caller, `${name}[${end}]`, settings[name][end], 'be finite', Number.isFinite);
    }
  }
  const { randAugment, erasing = 0, solarize = 0 } = settings;
  const isShare = (x: number): boolean => x >= 0 && x <= 1;
  expectNumber(caller, 'erasing', erasing, 'be a probability', isShare);
  expectNumber(caller, 'solarize', solarize, 'be a probability', isShare);
  if (randAugment === undefined) return;
  expectOptions(caller, 'randAugment', randAugment, ['operations', 'magnitude'], []);
  expectInteger(caller, 'randAugment.operations', randAugment.operations, 0, 1000);
  const { magnitude } = randAugment;
  const fits = (x: number): boolean => x >= 0 && x <= 10;
  expectNumber(caller, 'randAugment.magnitude', magnitude, 'lie in [0, 10]', fits);
}

function expectSides(caller: string, source: { width: number; height: number }): void {
  expectOptions(caller, 'source', source, ['width', 'height']);
  expectInteger(caller, 'source.width', source.width);
  expectInteger(caller, 'source.height', source.height);
}

/** Checks that an argument is a plan. Whether its crop lies in the picture is checked where the picture is known. */
export function expectPlan(caller: string, plan: ViewPlan): void {
  const needed = ['crop', 'flip', 'operations', 'grey', 'sigma'];
  expectOptions(caller, 'plan', plan, needed, ['solarize', 'erase']);
  expectOptions(caller, 'plan.crop', plan.crop, ['x', 'y', 'width', 'height']);
  expectType(caller, 'plan.flip', plan.flip, 'boolean');
  expectType(caller, 'plan.operations', plan.operations, Array);
  expectType(caller, 'plan.grey', plan.grey, 'boolean');
  if (plan.solarize !== undefined) expectType(caller, 'plan.solarize', plan.solarize, 'boolean');
  expectNumber(caller, 'plan.sigma', plan.sigma, 'be 0 or more', (x) => x >= 0 && x <= 1e4);
}
