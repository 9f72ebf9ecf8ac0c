import type { FeaturesLook } from '../messages.ts';

/** Fewer directions than this tell next to nothing apart; an untrained encoder has many more. */
const LEAST_RANK = 2;

/** Whether all images look alike to the model. */
export const hasCollapsed = ({ step, rank }: Pick<FeaturesLook, 'step' | 'rank'>): boolean =>
  step > 0 && rank < LEAST_RANK;
