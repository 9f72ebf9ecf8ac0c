import type { Product } from './calls.ts';
import type { Heap } from './heap.ts';

/**
 * What computes underneath the backend: one memory, the kernels of the table on it, and the threads that run them.
 * Places in the memory are counted in bytes, may lie beyond 2³², and 0 is none of them.
 */
export type Engine = {
  /** How errors name it. */
  readonly name: string;
  /** Threads that compute, the caller's included. */
  readonly threads: number;
  /** Floats of one vector. */
  readonly lanes: number;
  readonly heap: Heap;
  /** Views of the memory; they hold until the next block is allocated. */
  readonly floats: (at: number, length: number) => Float32Array;
  readonly integers: (at: number, length: number) => Int32Array;
  readonly bytes: (at: number, length: number) => Uint8Array;
  /** Whether what lies in the memory keeps its address when the memory grows. */
  readonly stays: boolean;
  /** Whether a buffer is this memory, or a part of it. */
  readonly owns: (buffer: ArrayBufferLike) => boolean;
  /** Runs a kernel cut into tasks: its number, and its arguments in the order of the table. */
  readonly run: (kernel: number, values: readonly number[], tasks: number) => void;
  /** A product of matrices, which the engine cuts up itself. */
  readonly product: (product: Product) => void;
  /** Has memory ready for the gradient of attention over so many tokens. @throws RangeError where it cannot */
  readonly reserveAttention: (tokens: number) => void;
  /** Ends the threads; what needs them fails from then on. */
  readonly stop: () => void;
};
