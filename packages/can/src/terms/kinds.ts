import { type CanConfig, type TermName, termNames } from '../config.ts';
import type { Need } from '../parts.ts';
import { needsOf, type Term } from '../term.ts';
import { contrastive } from './contrastive.ts';
import { denoising } from './denoising.ts';
import type { Kind } from './kind.ts';
import { reconstruction } from './reconstruction.ts';

const KINDS: Readonly<Record<TermName, Kind>> = { contrastive, reconstruction, denoising };

/** The term of a name with the weight that a config gives it; the config is not checked. */
export function termOf(name: TermName, config: CanConfig): Term {
  return { name, weight: config.weights[name], ...KINDS[name](config) };
}

/** The terms of positive weight, in the order of their names. */
export const termsOf = (config: CanConfig): readonly Term[] =>
  termNames.filter((name) => config.weights[name] > 0).map((name) => termOf(name, config));

/** Whether any term of positive weight reads a part of the forward pass. */
export const needs = (config: CanConfig, need: Need): boolean => needsOf(termsOf(config)).has(need);
