/** The time of one kind of work in one step. */
export type Entry = { millis: number; calls: number; flops: number; bytes: number };

/** Where the time of a step goes: nothing is counted twice, since inner work is taken from its outer one. */
export type Spans = {
  /** Does work, and counts its time under a name. */
  readonly span: <T>(work: () => T, nameOf: (result: T) => SpanName) => T;
  /** Everything since the last call, by name. */
  readonly take: () => Map<string, Entry>;
};

export type SpanName = { readonly name: string; readonly flops?: number; readonly bytes?: number };

/**
 * Starts to count.
 *
 * @param now a clock, in milliseconds
 */
export function makeSpans(now: () => number): Spans {
  let entries = new Map<string, Entry>();
  let overhead: Entry = { millis: 0, calls: 0, flops: 0, bytes: 0 };
  const inner: number[] = []; // of each open span, the time of the spans inside it
  return {
    span(work, nameOf) {
      inner.push(0);
      const begin = now();
      const result = work();
      const whole = now() - begin;
      const own = whole - (inner.pop() ?? 0);
      if (inner.length > 0) inner.push((inner.pop() ?? 0) + whole);
      const { name, flops = 0, bytes = 0 } = nameOf(result);
      const entry = entries.get(name) ?? { millis: 0, calls: 0, flops: 0, bytes: 0 };
      entry.millis += own;
      entry.calls += 1;
      entry.flops += flops;
      entry.bytes += bytes;
      entries.set(name, entry);
      const counting = now() - begin - whole;
      overhead.millis += counting;
      overhead.calls += 1;
      if (inner.length > 0) inner.push((inner.pop() ?? 0) + counting);
      return result;
    },
    take() {
      const taken = entries;
      taken.set('(profile)  counting itself', overhead);
      entries = new Map();
      overhead = { millis: 0, calls: 0, flops: 0, bytes: 0 };
      return taken;
    },
  };
}
