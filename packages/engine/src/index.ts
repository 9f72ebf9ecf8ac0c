export { calls, FLOATS, KERNEL, ONE_ITEM, type Product, TABLE } from './calls.ts';
export {
  defineEngine,
  type EngineDoors,
  type EngineKind,
  THREADS,
} from './define.ts';
export type { Engine } from './engine.ts';
export type { FieldRule } from './fields.ts';
export { type GrowingMemory, type Heap, type HeapOptions, makeHeap } from './heap.ts';
export { kernelNames } from './kernels/index.ts';
export { measurePeak } from './peak.ts';
