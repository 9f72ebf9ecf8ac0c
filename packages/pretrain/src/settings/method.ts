import {
  type CanConfig,
  type HeadName,
  type LevelPlacement,
  methods,
  PAPER_NOISE,
  resolveCanConfig,
  termNames,
} from '@twocan/can';
import { IMAGENET_STD } from '@twocan/data';
import { type DecoderConfig, presetNames, type ViTConfig, preset as vitPreset } from '@twocan/vit';
import { choice, number, setting, three, type Values, whole } from './setting.ts';

const group = 'Model and method';

/** The names of the methods. */
export type MethodName = keyof typeof methods;

/** Every method's name. */
export const methodNames = Object.keys(methods) as readonly MethodName[];

const PLACEMENTS: readonly LevelPlacement[] = ['all', 'visible', 'none'];
/** What noise levels may be given in. */
const UNITS = ['deviations', 'unit', 'signed'] as const;
const HEADS: readonly HeadName[] = ['light', 'large'];
/** Sizes of a run that names none. */
const PRESET = 'micro32';

/** The weights of a method's terms in the order in which they are written. */
const inOrder = (weights: CanConfig['weights']): readonly number[] =>
  termNames.map((name) => weights[name]);

/**
 * The settings of model and method.
 *
 * Ranges that depend on other settings (patches that divide the image) are checked where the
 * method's config is resolved.
 *
 * @param names the methods that can be chosen, the default one first
 * @returns settings whose defaults are those of the presets and the methods
 * @example
 * const { maskRatio } = methodSettings(['mae']); // its default is that of mae
 */
export function methodSettings(names: readonly MethodName[] = methodNames) {
  const [method] = names;
  const usual = resolveCanConfig({ preset: PRESET, ...(method && { method }) });
  return {
    preset: setting(choice(presetNames), {
      group,
      default: PRESET,
      text: 'Sizes of encoder and decoder',
    }),
    imageSize: setting(whole({ min: 1 }), {
      group,
      hint: 'PX',
      usual: "the preset's",
      text: 'Side of the square images the encoder sees, in pixels',
    }),
    patch: setting(whole({ min: 1 }), {
      group,
      hint: 'PX',
      usual: "the preset's",
      text: 'Side of a patch in pixels, a divisor of the image size',
    }),
    method: setting(choice(names), {
      group,
      default: 'can',
      text: 'Which losses are combined',
    }),
    maskRatio: setting(number({ min: 0, below: 1 }), {
      group,
      usual: ofMethods(names, ({ maskRatio }) => maskRatio),
      text: 'Share of patches hidden',
    }),
    sigmaMax: setting(number({ min: 0 }), {
      group,
      hint: 'S',
      usual: ofMethods(names, ({ noise }) => noise.max),
      text: 'Largest noise level, in deviations of a normalised pixel or in --sigma-unit',
    }),
    sigmaMin: setting(number({ min: 0 }), {
      group,
      hint: 'S',
      default: PAPER_NOISE.min,
      text: 'Smallest noise level, in the unit of --sigma-max',
    }),
    sigmaUnit: setting(choice(UNITS), {
      group,
      default: UNITS[0],
      text: 'What --sigma-max and --sigma-min are given in: deviations of a normalised pixel, or pixels from 0 to 1 (unit) or from -1 to 1 (signed)',
    }),
    noiseLevels: setting(choice(['uniform', 'log-uniform']), {
      group,
      default: PAPER_NOISE.levels,
      text: 'How noise levels lie between the smallest and the largest; log-uniform needs --sigma-min',
    }),
    noiseFrom: setting(choice(['decoder', 'encoder']), {
      group,
      default: PAPER_NOISE.from,
      text: "What predicts the noise of visible patches: the decoder, or one linear map of the encoder's tokens (encoder)",
    }),
    noiseTarget: setting(choice(['scaled', 'unit']), {
      group,
      default: PAPER_NOISE.target,
      text: 'What is predicted for a visible patch: the noise as it was added (scaled), or that of deviation 1, which is multiplied by the level (unit)',
    }),
    noiseWeight: setting(choice(['variance', 'equal']), {
      group,
      default: PAPER_NOISE.weight,
      text: 'How levels weigh in the denoising loss: as squared errors of the noise do (variance), or divided by the squared level (equal), so that predicting no noise costs 1',
    }),
    noiseCode: setting(choice(['level', 'log']), {
      group,
      default: PAPER_NOISE.code,
      text: 'What is encoded for the decoder: the noise level, or its logarithm',
    }),
    noiseEmbed: setting(choice(PLACEMENTS), {
      group,
      default: usual.noise.embed,
      text: 'Which patch tokens of the decoder receive the noise level',
    }),
    noiseScale: setting(number({ above: 0 }), {
      group,
      hint: 'F',
      default: usual.noise.scale,
      text: 'Multiplies the noise level before it is encoded; try 1000 / --sigma-max',
    }),
    pixels: setting(choice(['normalized', 'raw']), {
      group,
      default: usual.normalizePixels ? 'normalized' : 'raw',
      text: 'Reconstruct patches of mean 0 and variance 1, or as they are',
    }),
    head: setting(choice(HEADS), {
      group,
      usual: "the preset's",
      text: 'Projection head of the contrastive loss',
    }),
    temperature: setting(number({ above: 0 }), {
      group,
      hint: 'T',
      default: usual.temperature,
      text: 'Temperature of the contrastive loss',
    }),
    weights: setting(three(number({ min: 0 })), {
      group,
      hint: termNames.map((name) => name.charAt(0).toUpperCase()).join(','),
      usual: ofMethods(names, ({ weights }) => inOrder(weights)),
      text: `Weights of the terms of the loss: ${termNames.join(', ')}`,
    }),
  };
}

/** The setting that decides what the method's config calls by this path. */
const SETTING_OF: Readonly<Record<string, string>> = {
  'encoder.image.height': 'imageSize',
  'encoder.image.width': 'imageSize',
  'encoder.patch': 'patch',
  'noise.max': 'sigmaMax',
  'noise.embed': 'noiseEmbed',
  'noise.scale': 'noiseScale',
  'noise.min': 'sigmaMin',
  'noise.levels': 'noiseLevels',
  'noise.from': 'noiseFrom',
  'noise.target': 'noiseTarget',
  'noise.weight': 'noiseWeight',
  'noise.code': 'noiseCode',
  projector: 'head',
  ...Object.fromEntries(termNames.map((name) => [`weights.${name}`, 'weights'])),
};

/**
 * The method's config that settings lead to.
 *
 * @param caller the function that names itself in errors
 * @param values settings, checked
 * @param start sizes of weights, in place of the preset's
 * @returns the complete config
 * @throws RangeError that lists every problem of the method, by setting
 */
export function resolveMethod(
  caller: string,
  values: Values<ReturnType<typeof methodSettings>>,
  start?: {
    readonly encoder: ViTConfig;
    readonly decoder?: DecoderConfig | undefined;
    readonly normalization: { readonly std: readonly number[] };
  },
): CanConfig {
  const { preset, method, temperature, maskRatio, head, weights, imageSize, patch } = values;
  const { sigmaMax, sigmaMin, sigmaUnit, noiseEmbed: embed, noiseScale: scale } = values;
  const { noiseFrom: from } = values;
  const { noiseLevels: levels, noiseTarget: target, noiseWeight: weight, noiseCode: code } = values;
  const inDeviations = deviationsOf(sigmaUnit, start?.normalization.std ?? IMAGENET_STD);
  try {
    return resolveCanConfig({
      ...(start === undefined && { preset }),
      method,
      temperature,
      normalizePixels: values.pixels === 'normalized',
      ...(start && { decoder: start.decoder ?? decoderFor(start.encoder.width) }),
      encoder: {
        ...start?.encoder,
        ...(imageSize && { image: { height: imageSize, width: imageSize } }),
        ...(patch && { patch }),
      },
      noise: {
        ...{ embed, scale, levels, from, target, weight, code, min: inDeviations(sigmaMin) },
        ...(sigmaMax !== undefined && { max: inDeviations(sigmaMax) }),
      },
      ...(maskRatio !== undefined && { maskRatio }),
      ...(head && { projector: head }),
      ...(weights && {
        weights: Object.fromEntries(termNames.map((name, i) => [name, weights[i] ?? 0])),
      }),
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${caller}: ${inSettings(error.message)}`, { cause: error });
  }
}

/**
 * A level in deviations of a normalised pixel, whose channels have nearly the same.
 *
 * A pixel from 0 to 1 is divided by its deviation; one from -1 to 1 is twice as far from the mean.
 */
function deviationsOf(
  unit: (typeof UNITS)[number],
  std: readonly number[],
): (level: number) => number {
  if (unit === 'deviations') return (level) => level;
  const deviation = std.reduce((sum, own) => sum + own, 0) / std.length;
  return (level) => level / deviation / (unit === 'signed' ? 2 : 1);
}

/** The decoder of the smallest preset whose encoder is as wide. */
function decoderFor(width: number): DecoderConfig {
  const sizes = presetNames.map((name) => vitPreset(name));
  const found = sizes.find(({ encoder }) => encoder.width >= width) ?? sizes.at(-1);
  return (found ?? vitPreset('b16')).decoder;
}

/** Lines `- noise.max: must …, got …` by the names of the settings. */
function inSettings(message: string): string {
  const lines = message
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, path = '', rest = line] = /^- ([\w.]+): (.*)$/.exec(line) ?? [];
      const what = rest
        .replace(/where weights\.(\w+) > 0/, 'while the weight of $1 is above 0 (weights, method)')
        .replace(
          /got (\{.*\})$/,
          (_, weights: string) => `got ${Object.values(JSON.parse(weights))}`,
        );
      return `${SETTING_OF[path] ?? path} ${what}`.trim();
    });
  // Height and width are one setting.
  return [...new Set(lines)].join('\n');
}

/** A default that the methods differ in: `0.5 (can), 0.75 (mae)`. */
function ofMethods(
  names: readonly MethodName[],
  value: (method: (typeof methods)[MethodName]) => number | readonly number[],
): string {
  const values = names.map((name) => String(value(methods[name])));
  const [only, ...others] = new Set(values);
  if (only !== undefined && others.length === 0) return only;
  return [...new Set(values)]
    .map((one) => `${one} (${names.filter((_, i) => values[i] === one).join(', ')})`)
    .join(', ');
}
