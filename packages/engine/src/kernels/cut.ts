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

/** How work is cut: items, how many a task takes, and how many tasks that makes. */
export type Cut = { readonly items: number; readonly chunk: number; readonly tasks: number };

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
  return { items, chunk, tasks: Math.max(1, Math.ceil(items / chunk)) };
}
