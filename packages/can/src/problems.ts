import { type CanConfig, choicesOf, termNames } from './config.ts';
import type { Need } from './parts.ts';
import { termsOf } from './terms/kinds.ts';

type Check = readonly [path: string, value: unknown, fits: boolean, rule: string];

/**
 * Everything that is wrong with a complete config, one sentence each.
 *
 * @param config all settings, of the right types
 * @returns the problems, empty for a valid config
 */
export function findProblems(config: CanConfig): readonly string[] {
  const checks = [
    ...sizes(config),
    ...numbers(config),
    ...choices(config),
    ...combinations(config),
  ];
  return sentences(checks);
}

/** What a config lacks for a term that reads some parts of the forward pass. */
export const problemsOfNeeds = (
  config: CanConfig,
  needs: readonly Need[],
  where: string,
): readonly string[] => sentences(demands(config, needs, where));

const sentences = (checks: readonly Check[]): readonly string[] =>
  checks
    .filter(([, , fits]) => !fits)
    .map(([path, value, , rule]) =>
      Number.isNaN(value)
        ? `${path}: is missing; give it, or a preset`
        : `${path}: ${rule}, got ${show(value)}`,
    );

const show = (value: unknown): string => {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const natural = (path: string, value: number): Check => [
  path,
  value,
  Number.isInteger(value) && value > 0,
  'must be a positive integer',
];

const positive = (path: string, value: number): Check => [
  path,
  value,
  value > 0 && Number.isFinite(value),
  'must be a positive number',
];

const notNegative = (path: string, value: number): Check => [
  path,
  value,
  value >= 0 && Number.isFinite(value),
  'must be a number ≥ 0',
];

/** True as well where one of the two is not a size at all: that is a problem of its own. */
const divides = (divisor: number, size: number): boolean =>
  !(Number.isInteger(divisor) && Number.isInteger(size) && divisor > 0) || size % divisor === 0;

function sizes({ encoder, decoder, projector }: CanConfig): readonly Check[] {
  const { image, patch } = encoder;
  const transformer = (
    name: string,
    { width, depth, heads, mlpRatio }: CanConfig['decoder'],
  ): readonly Check[] => [
    natural(`${name}.width`, width),
    natural(`${name}.depth`, depth),
    natural(`${name}.heads`, heads),
    positive(`${name}.mlpRatio`, mlpRatio),
    [`${name}.width`, width, divides(4, width), 'must be divisible by 4, for the positions'],
    [`${name}.width`, width, divides(heads, width), `must be divisible by its ${heads} heads`],
  ];
  return [
    natural('encoder.image.height', image.height),
    natural('encoder.image.width', image.width),
    natural('encoder.channels', encoder.channels),
    natural('encoder.patch', patch),
    ['encoder.image.height', image.height, divides(patch, image.height), fitsPatch(patch)],
    ['encoder.image.width', image.width, divides(patch, image.width), fitsPatch(patch)],
    positive('encoder.epsilon', encoder.epsilon),
    ...transformer('encoder', encoder),
    ...transformer('decoder', decoder),
    natural('projector.hidden', Number.isNaN(projector.hidden) ? 1 : projector.hidden),
    natural('projector.out', projector.out),
    [
      'projector.layers',
      projector.layers,
      Number.isInteger(projector.layers) && projector.layers >= 0,
      'must be an integer ≥ 0',
    ],
  ];
}

const fitsPatch = (patch: number): string => `must be divisible by the patch of ${patch}`;

function numbers({ maskRatio, weights, temperature, noise }: CanConfig): readonly Check[] {
  return [
    ['maskRatio', maskRatio, maskRatio >= 0 && maskRatio < 1, 'must lie in [0, 1)'],
    ...termNames.map((name) => notNegative(`weights.${name}`, weights[name])),
    // The bounds of what computes with them: a config that passes here must not fail at the first step.
    [
      'temperature',
      temperature,
      Number.isFinite(temperature) && temperature >= 1e-6 && temperature <= 1e30,
      'must be from 1e-6 to 1e30',
    ],
    [
      'noise.max',
      noise.max,
      Number.isFinite(noise.max) && noise.max >= 0 && noise.max <= 1e30,
      'must be a number from 0 to 1e30',
    ],
    positive('noise.scale', noise.scale),
    [
      'noise.min',
      noise.min,
      noise.min === undefined || (noise.min >= 0 && noise.min <= noise.max),
      `must be a number from 0 to noise.max, ${noise.max}`,
    ],
  ];
}

function choices(config: CanConfig): readonly Check[] {
  const { views, noise, target, pool, projector } = config;
  const { levels, code, from, target: predicted, weight } = choicesOf(config);
  const oneOf = (path: string, value: unknown, allowed: readonly unknown[]): Check => [
    path,
    value,
    allowed.includes(value),
    `must be one of ${allowed.join(', ')}`,
  ];
  return [
    oneOf('views', views, [1, 2]),
    oneOf('noise.embed', noise.embed, ['all', 'visible', 'none']),
    oneOf('noise.levels', levels, ['uniform', 'log-uniform']),
    oneOf('noise.code', code, ['level', 'log']),
    oneOf('noise.from', from, ['decoder', 'encoder']),
    oneOf('noise.target', predicted, ['scaled', 'unit']),
    oneOf('noise.weight', weight, ['variance', 'equal']),
    oneOf('target', target, ['clean', 'noisy']),
    oneOf('pool', pool, ['patches', 'all']),
    oneOf('projector.statistics', projector.statistics, ['both-views', 'each-view']),
  ];
}

/** Settings that are fine alone but not together. */
function combinations(config: CanConfig): readonly Check[] {
  const { weights, maskRatio } = config;
  const { min, levels, target, weight } = choicesOf(config);
  const terms = termsOf(config);
  const { patches, kept } = patchesOf(config);
  return [
    ['weights', weights, terms.length > 0, 'must not all be 0'],
    ...terms.flatMap(({ name, needs }) => demands(config, needs, `weights.${name} > 0`)),
    ['noise.min', min, levels === 'uniform' || min > 0, 'must be positive for log-uniform levels'],
    [
      'noise.min',
      min,
      weight === 'variance' || target === 'unit' || min > 0,
      'must be positive where weight is equal and target scaled: errors are divided by the level',
    ],
    [
      'maskRatio',
      maskRatio,
      !(maskRatio >= 0 && maskRatio < 1 && patches > 0) || kept > 0,
      `must leave a visible patch out of ${patches}`,
    ],
  ];
}

function patchesOf({ maskRatio, encoder: { image, patch } }: CanConfig) {
  const patches = Math.floor(image.height / patch) * Math.floor(image.width / patch);
  // As masking rounds: the small term keeps 10 · (1 − 0.9) from being 0.999….
  return { patches, kept: Math.floor(patches * (1 - maskRatio + 1e-9)) };
}

/** What the parts of the forward pass that a term reads demand of a config. */
function demands(config: CanConfig, needs: readonly Need[], where: string): readonly Check[] {
  const { views, maskRatio, noise } = config;
  const { patches, kept } = patchesOf(config);
  const of: Partial<Record<Need, Check>> = {
    embeddings: ['views', views, views !== 1, `must be 2 where ${where}`],
    mask: [
      'maskRatio',
      maskRatio,
      !(maskRatio >= 0 && (maskRatio === 0 || kept === patches)),
      `must hide patches where ${where}`,
    ],
    noise: ['noise.max', noise.max, noise.max !== 0, `must be positive where ${where}`],
  };
  return needs.flatMap((need) => {
    const check = of[need];
    return check === undefined ? [] : [check];
  });
}
