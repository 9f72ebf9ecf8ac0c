/**
 * Does some work on each of several things, a few at a time, in their order.
 *
 * @param things what there is to do
 * @param lanes how many at a time, at least 1
 * @param work on one of them
 * @returns once all is done
 * @throws the first error, once nothing is going on any more; nothing is begun after it
 * @example
 * await inLanes(['a', 'b', 'c'], 2, async (name) => console.log(name));
 */
export async function inLanes<T>(
  things: readonly T[],
  lanes: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const queue = things.values();
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const thing of queue) {
      try {
        await work(thing);
      } catch (error) {
        errors.push(error);
      }
      if (errors.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, things.length) }, lane));
  if (errors.length > 0) throw errors[0];
}
