/** The moving average that a run kept, or the weights of its last step. */
export const KEPT = ['average', 'last'] as const;
export type KeptWeights = (typeof KEPT)[number];
