import { makeHeap } from '@twocan/engine';

const memory = new WebAssembly.Memory({ initial: 1 });
const heap = makeHeap(
  {
    size: () => memory.buffer.byteLength,
    grow: (bytes) => memory.grow(Math.ceil(bytes / 65536)) >= 0,
  },
  { name: 'mine', from: 64, most: 2 ** 32 },
);
const first = heap.allocate(1000);
const second = heap.allocate(1000);
heap.release(first, 1000);
console.log(second - first, heap.allocate(500) === first, heap.report().inUse);
