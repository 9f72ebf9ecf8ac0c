import type { FeaturesLook } from '../messages.ts';

/** Runs that learn stay above a third, as the untrained encoder does; runs that collapsed end far below this. */
const LEAST_SPREAD = 0.02;

/** Whether all images look alike to the model. */
export const hasCollapsed = ({ step, spread }: Pick<FeaturesLook, 'step' | 'spread'>): boolean =>
  step > 0 && spread < LEAST_SPREAD;
