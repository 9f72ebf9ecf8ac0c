import type { CanConfig } from '../config.ts';
import type { Need } from '../parts.ts';
import type { Term } from '../term.ts';

/** A term of a config but for its name and weight. */
export type Kind<N extends Need = Need> = (config: CanConfig) => Pick<Term<N>, 'needs' | 'loss'>;
