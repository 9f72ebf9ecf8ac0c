import type { CanConfig } from '../config.ts';
import type { Need } from '../parts.ts';
import type { Term } from '../term.ts';

/** A term before a config gives it weight and settings. */
export type Kind<N extends Need = Need> = {
  readonly needs: readonly N[];
  readonly lossOf: (config: CanConfig) => Term<N>['loss'];
};
