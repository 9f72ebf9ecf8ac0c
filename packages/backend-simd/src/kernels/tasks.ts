/** The numbers of the kernels in kernels/tasks.ts. */
export const TASK = {
  product: 0,
  gemmBatch: 1,
  unary: 2,
  binary: 3,
  binaryRows: 4,
  reduceRows: 5,
  reduceColumns: 6,
  reduceParts: 7,
  softmax: 8,
  layerNorm: 10,
  layerNormGradient: 11,
  copyBlock: 12,
  transpose: 13,
  gatherRows: 14,
  attention: 15,
  attentionGradient: 16,
  adamw: 17,
  sumOfSquares: 18,
  select: 19,
  crossEntropy: 20,
  squaredError: 21,
  unitRows: 22,
  unitRowsGradient: 23,
  gelu: 24,
  batchNorm: 25,
  batchNormGradient: 26,
  normalRows: 27,
  fill: 28,
  multiplyAdds: 40,
} as const;

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** The bits of a float, as a word. */
export function bits(value: number): number {
  float[0] = value;
  return word[0] as number;
}

/** Below so many elements a task costs more than it saves. */
const WORTH_A_TASK = 16_384;
const MOST_TASKS = 32;

/** How work is cut: so many items a task, so many tasks. */
export type Cut = { readonly chunk: number; readonly tasks: number };

/**
 * Cuts items into tasks, by the work alone: results must not depend on the number of threads.
 *
 * @param items how many there are
 * @param work about how many elements are touched in all
 * @param multiple a task takes a multiple of so many items
 */
export function cut(items: number, work: number, multiple = 1): Cut {
  const wanted = Math.min(MOST_TASKS, Math.max(1, Math.floor(work / WORTH_A_TASK)));
  const chunk = Math.max(1, Math.ceil(Math.ceil(items / wanted) / multiple)) * multiple;
  return { chunk, tasks: Math.max(1, Math.ceil(items / chunk)) };
}
