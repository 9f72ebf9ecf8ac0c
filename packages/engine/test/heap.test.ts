import { makeHeap } from '@twocan/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('the heap', () => {
  const heapOf = (maximumPages: number) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
    const grow = (bytes: number): boolean => {
      try {
        memory.grow(Math.ceil(bytes / 65_536));
        return true;
      } catch {
        return false;
      }
    };
    const size = (): number => memory.buffer.byteLength;
    return makeHeap({ size, grow }, { name: 'mine', from: 1000, most: maximumPages * 65_536 });
  };

  it('hands out aligned blocks that do not overlap, and takes them back', () => {
    const heap = heapOf(64);
    const sizes = [1, 63, 64, 65, 1000, 70_000, 4096];
    const blocks = sizes.map((bytes) => ({ at: heap.allocate(bytes), bytes }));
    for (const { at, bytes } of blocks) {
      expect(at % 64).toBe(0);
      expect(at).toBeGreaterThanOrEqual(1000);
      for (const other of blocks) {
        const apart = at + bytes <= other.at || other.at + other.bytes <= at;
        expect(apart || other.at === at).toBe(true);
      }
    }
    for (const { at, bytes } of blocks) heap.release(at, bytes);
    expect(heap.report().inUse).toBe(0);
    // All of it is one block again.
    expect(heap.allocate(sizes.reduce((a, b) => a + b, 0))).toBe(blocks[0]?.at);
  });

  it('keeps blocks apart whatever comes and goes, and joins what is free', () => {
    const action = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5000 }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const heap = heapOf(64);
        const first = heap.allocate(64);
        const live: { readonly at: number; readonly bytes: number }[] = [];
        for (const [allocates, number] of actions) {
          if (allocates || live.length === 0)
            live.push({ at: heap.allocate(number), bytes: number });
          else {
            const [gone] = live.splice(number % live.length, 1);
            if (gone) heap.release(gone.at, gone.bytes);
          }
          const ordered = [...live].sort((a, b) => a.at - b.at);
          ordered.forEach(({ at, bytes }, i) => {
            const next = ordered[i + 1]?.at ?? Infinity;
            if (at + Math.max(1, bytes) > next)
              expect.fail(`${at} + ${bytes} reaches over ${next}`);
          });
        }
        for (const { at, bytes } of live) heap.release(at, bytes);
        heap.release(first, 64);
        expect(heap.report().inUse).toBe(0);
        expect(heap.allocate(200_000)).toBe(first);
      }),
    );
  });

  it('says what was asked for, what is in use and what to lower when it is full', () => {
    const heap = heapOf(32);
    heap.allocate(1.5 * 2 ** 20);
    expect(() => heap.allocate(2 ** 20)).toThrow(
      /^mine: memory must hold 1 MB more, got 2 MB in use of at most 2 MB; lower the batch/,
    );
    // It is not broken by that.
    expect(heap.allocate(1000)).toBeGreaterThan(0);
  });
});

/** A memory that is only a number, and a record of what was discarded. */
function fakeMemory(most: number) {
  let bytes = 0;
  const discarded: (readonly [at: number, bytes: number])[] = [];
  const memory = {
    size: () => bytes,
    grow: (more: number) => {
      if (bytes + more > most) return false;
      bytes += more;
      return true;
    },
    discard: (at: number, length: number) => void discarded.push([at, length]),
  };
  return { memory, discarded };
}

describe('a heap of segments', () => {
  const SEGMENT = 4096;
  const options = { name: 'mine', from: 64, most: 2 ** 44, segment: SEGMENT };

  it('keeps every block inside one segment, and uses what is left of each', () => {
    const { memory } = fakeMemory(2 ** 44);
    const heap = makeHeap(memory, options);
    const first = heap.allocate(3000);
    const second = heap.allocate(3000);
    expect([first, second]).toEqual([64, SEGMENT]);
    // What was left behind the first.
    expect(heap.allocate(900)).toBe(64 + 3008);
  });

  it('never joins across segments, whatever comes and goes', () => {
    const action = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: SEGMENT }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const heap = makeHeap(fakeMemory(2 ** 44).memory, options);
        const live: { readonly at: number; readonly bytes: number }[] = [];
        for (const [allocates, number] of actions) {
          if (allocates || live.length === 0) {
            const at = heap.allocate(number);
            const last = at + Math.max(1, number) - 1;
            expect(Math.floor(at / SEGMENT)).toBe(Math.floor(last / SEGMENT));
            expect(live.every((o) => last < o.at || o.at + Math.max(1, o.bytes) <= at)).toBe(true);
            live.push({ at, bytes: number });
          } else {
            const [gone] = live.splice(number % live.length, 1);
            if (gone) heap.release(gone.at, gone.bytes);
          }
        }
        for (const { at, bytes } of live) heap.release(at, bytes);
        expect(heap.report().inUse).toBe(0);
      }),
    );
  });

  it('hands out addresses beyond 4 GB', () => {
    const heap = makeHeap(fakeMemory(2 ** 44).memory, { ...options, segment: 2 ** 31 });
    const blocks = Array.from({ length: 5 }, () => heap.allocate(1.5 * 2 ** 30));
    expect(blocks.at(-1)).toBe(4 * 2 ** 31);
    for (const at of blocks) heap.release(at, 1.5 * 2 ** 30);
    expect(heap.report().inUse).toBe(0);
    expect(heap.allocate(1.5 * 2 ** 30)).toBe(4 * 2 ** 31);
  });

  it('says what a tensor may have at most', () => {
    const heap = makeHeap(fakeMemory(2 ** 44).memory, { ...options, segment: 2 ** 21 });
    expect(() => heap.allocate(3 * 2 ** 20)).toThrow(
      /^mine: a tensor must have at most 2 MB, got 3 MB; lower the batch/,
    );
  });
});

describe('memory that is given back', () => {
  const MB = 2 ** 20;
  const made = () => {
    const { memory, discarded } = fakeMemory(2 ** 44);
    return { heap: makeHeap(memory, { name: 'mine', from: 64, most: 2 ** 44 }), discarded };
  };

  it('is what has been free since the last look, in whole pieces of 2 MB', () => {
    const { heap, discarded } = made();
    const small = heap.allocate(MB);
    const large = heap.allocate(20 * MB);
    heap.trim();
    heap.release(large, 20 * MB);
    // It was in use a moment ago.
    expect(heap.trim()).toBe(0);
    expect(heap.trim()).toBe(18 * MB);
    expect(discarded).toEqual([[2 * MB, 18 * MB]]);
    // It is gone already.
    expect(heap.trim()).toBe(0);
    heap.release(small, MB);
  });

  it('is never what a step takes again and again, nor what is in use', () => {
    const { heap, discarded } = made();
    const kept = heap.allocate(10 * MB);
    for (let step = 0; step < 5; step++) {
      const blocks = [30, 5, 12].map((n) => ({ at: heap.allocate(n * MB), bytes: n * MB }));
      for (const { at, bytes } of blocks) heap.release(at, bytes);
      expect(heap.trim()).toBe(0);
    }
    expect(heap.trim()).toBe(44 * MB);
    // Pages come back by themselves where they are used again.
    const again = heap.allocate(30 * MB);
    heap.release(again, 30 * MB);
    heap.trim();
    const total = heap.trim();
    expect(total).toBeGreaterThan(26 * MB);
    for (const [at, bytes] of discarded) {
      expect(at + bytes <= kept || at >= kept + 10 * MB).toBe(true);
    }
  });

  it('is nothing where the memory cannot take it', () => {
    const { memory } = fakeMemory(2 ** 44);
    const { size, grow } = memory;
    const heap = makeHeap({ size, grow }, { name: 'mine', from: 64, most: 2 ** 44 });
    heap.release(heap.allocate(20 * MB), 20 * MB);
    heap.trim();
    expect(heap.trim()).toBe(0);
  });
});
