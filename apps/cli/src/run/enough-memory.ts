import { totalmem } from 'node:os';
import type { BackendName } from '@twocan/backend';
import { leastStepMemory, type MethodCost } from '@twocan/can';
import { usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';

/** WebAssembly has 32-bit addresses. */
const MOST_OF_WASM = 2 ** 32;
const IN_WASM: readonly BackendName[] = ['simd', 'wasm'];
const ON_GPU: readonly BackendName[] = ['node-gpu', 'webgpu'];

/**
 * The memory that a backend can use at most.
 *
 * @param backend its name
 * @returns bytes; Infinity on a GPU, which has memory of its own
 */
export function mostMemory(backend: BackendName): number {
  if (ON_GPU.includes(backend)) return Number.POSITIVE_INFINITY;
  return IN_WASM.includes(backend) ? Math.min(MOST_OF_WASM, totalmem()) : totalmem();
}

/** A training that is about to begin. */
export type Training = {
  readonly cost: MethodCost;
  readonly batch: number;
  readonly backend: BackendName;
  /** What else can be smaller, such as `--preset`. */
  readonly sizes: string;
};

/**
 * Refuses a training of which a single step cannot fit: it would fail after minutes of preparation.
 *
 * @param training what is trained, and on what
 * @throws Failure (exit code 2) with the number of images that fit
 */
export function checkMemory({ cost, batch, backend, sizes }: Training): void {
  const { fixed, perImage } = leastStepMemory(cost);
  const least = fixed + batch * perImage;
  const { height, width } = cost.encoder.image;
  const step = `a step on ${batch} ${batch === 1 ? 'image' : 'images'} of ${width}x${height} pixels needs more than ${gigabytes(least)}`;
  if (IN_WASM.includes(backend) && least > MOST_OF_WASM) {
    // Half: what is counted is less than what is needed.
    const fits = Math.floor((MOST_OF_WASM / 2 - fixed) / perImage);
    const smaller = fits >= 2 ? `--batch ${fits} or less, or ` : '';
    throw usageError(
      `${step}, and the backend ${backend} can use ${gigabytes(MOST_OF_WASM)}; give ${smaller}a smaller ${sizes}`,
    );
  }
  if (least > mostMemory(backend)) {
    message(
      `${step}, and this machine has ${gigabytes(totalmem())}; if it fails, give a smaller --batch or ${sizes}`,
    );
  }
}

const gigabytes = (bytes: number): string =>
  `${(bytes / 1e9).toLocaleString('en-US', { maximumFractionDigits: 1 })} GB`;
