import { fold, type Key, normal, uniform, uniformInt } from '@twocan/core';
import type { ColourChange } from './colour.ts';
import { isWarp, type Warp } from './warp.ts';

/** How strongly pictures are changed, in RandAugment's two numbers. */
export type RandAugment = {
  /** Operations drawn for a picture; MAE fine-tunes with 2. */
  readonly operations: number;
  /** Strength 0 to 10; drawn from N(magnitude, ½) for each. MAE fine-tunes with 9. */
  readonly magnitude: number;
};

/** One change of a whole picture; for `sharpness` the amount is a factor around 1. */
export type Operation =
  | ColourChange
  | Warp
  | { readonly kind: 'sharpness'; readonly amount: number };

/** What an operation's amount is at a level of 0 to 1, before a coin turns it around. */
const AMOUNTS = {
  autocontrast: () => 0,
  equalize: () => 0,
  invert: () => 0,
  rotate: (level) => 30 * level,
  posterize: (level) => 4 - Math.floor(4 * level),
  solarize: (level) => 1 - level,
  solarizeAdd: (level) => (110 / 255) * level,
  saturation: (level) => 0.9 * level,
  contrast: (level) => 0.9 * level,
  brightness: (level) => 0.9 * level,
  sharpness: (level) => 0.9 * level,
  shearX: (level) => 0.3 * level,
  shearY: (level) => 0.3 * level,
  translateX: (level) => 0.45 * level,
  translateY: (level) => 0.45 * level,
} as const satisfies Partial<Record<Operation['kind'], (level: number) => number>>;

type Kind = keyof typeof AMOUNTS;
const KINDS = Object.keys(AMOUNTS) as Kind[];
const FACTORS: readonly string[] = ['saturation', 'contrast', 'brightness', 'sharpness'];

/**
 * Draws RandAugment's operations for one picture: each of them comes with probability ½.
 *
 * @param key of this picture alone; folded by the number of the operation
 * @param settings operations and magnitude
 * @returns operations in order
 * @example
 * const operations = sampleOperations(key(0), { operations: 2, magnitude: 9 });
 *
 * Cubuk et al., arXiv 1909.13719; the fifteen operations of timm's `rand-m9-mstd0.5-inc1`.
 */
export function sampleOperations(
  key: Key,
  { operations, magnitude }: RandAugment,
): readonly Operation[] {
  return Array.from({ length: operations }, (_, i) => fold(key, i)).flatMap((own) => {
    const [coin = 0, sign = 0] = uniform(fold(own, 'coins'), 2);
    if (coin >= 0.5) return [];
    const kind = KINDS[uniformInt(fold(own, 'kind'), 1, KINDS.length)[0] ?? 0] as Kind;
    const drawn = magnitude + 0.5 * (normal(fold(own, 'magnitude'), 1)[0] ?? 0);
    const level = Math.min(10, Math.max(0, drawn)) / 10;
    return [{ kind, amount: amountOf(kind, level, sign < 0.5) }];
  });
}

/** The higher the level, the further from the picture as it was. */
function amountOf(kind: Kind, level: number, turned: boolean): number {
  const amount = AMOUNTS[kind](level);
  const signed = turned ? -amount : amount;
  if (FACTORS.includes(kind)) return Math.max(0.1, 1 + signed);
  return isWarp({ kind }) ? signed : amount;
}
