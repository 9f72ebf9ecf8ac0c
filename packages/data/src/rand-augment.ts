import { fold, type Key, normal, uniform, uniformInt } from '@twocan/core';
import type { ColourChange } from './colour.ts';

/** How strongly pictures are changed, in RandAugment's two numbers. */
export type RandAugment = {
  /** Operations drawn for a picture; MAE fine-tunes with 2. */
  readonly operations: number;
  /** Strength 0 to 10; drawn from N(magnitude, ½) for each. MAE fine-tunes with 9. */
  readonly magnitude: number;
};

/** The operations that change colours alone: no rotation, shear, shift, sharpening or equalizing. */
const KINDS = [
  'autocontrast',
  'invert',
  'posterize',
  'solarize',
  'saturation',
  'contrast',
  'brightness',
] as const;

/**
 * Draws RandAugment's operations for one picture: each of them comes with probability ½.
 *
 * @param key of this picture alone; folded by the number of the operation
 * @param settings operations and magnitude
 * @returns changes in order
 * @example
 * const changes = sampleOperations(key(0), { operations: 2, magnitude: 9 });
 *
 * Cubuk et al., arXiv 1909.13719; the colour operations of timm's `rand-m9-mstd0.5-inc1`.
 */
export function sampleOperations(
  key: Key,
  { operations, magnitude }: RandAugment,
): readonly ColourChange[] {
  return Array.from({ length: operations }, (_, i) => fold(key, i)).flatMap((own) => {
    const [coin = 0, sign = 0] = uniform(fold(own, 'coins'), 2);
    if (coin >= 0.5) return [];
    const kind = KINDS[uniformInt(fold(own, 'kind'), 1, KINDS.length)[0] ?? 0] ?? 'autocontrast';
    const drawn = magnitude + 0.5 * (normal(fold(own, 'magnitude'), 1)[0] ?? 0);
    const level = Math.min(10, Math.max(0, drawn)) / 10;
    return [{ kind, amount: amountOf(kind, level, sign < 0.5) }];
  });
}

/** From a level in 0 to 1: the higher, the further from the picture as it was. */
function amountOf(kind: (typeof KINDS)[number], level: number, less: boolean): number {
  if (kind === 'autocontrast' || kind === 'invert') return 0;
  if (kind === 'posterize') return 4 - Math.floor(4 * level);
  if (kind === 'solarize') return 1 - level;
  return Math.max(0.1, 1 + (less ? -0.9 : 0.9) * level);
}
