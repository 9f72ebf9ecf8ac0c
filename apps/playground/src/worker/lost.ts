import { backend, getBackend } from '@tensorflow/tfjs-core';

/** How browsers and engines say that there is no memory left, for numbers or for code. */
const MEMORY =
  /out of memory|allocation failed|memory access out of bounds|could not allocate|cannot allocate|memory\.grow/i;
const GPU = /device (is|was) lost|lost device|GPUDevice.*(lost|destroyed)|device.*destroyed/i;

/**
 * What an error says is gone, so that no step can be taken here any more.
 *
 * @param error what was thrown
 * @returns the GPU or the memory; nothing for all other errors
 */
export function lossOf(error: unknown): 'gpu' | 'memory' | undefined {
  const text = error instanceof Error ? error.message : String(error);
  if (GPU.test(text)) return 'gpu';
  return MEMORY.test(text) ? 'memory' : undefined;
}

/** Resolves when the GPU that computes is lost: a driver was reset, a laptop woke up, another page took it. */
export async function gpuLost(): Promise<void> {
  if (getBackend() !== 'webgpu') return new Promise(() => undefined);
  const { device } = backend() as unknown as { readonly device: GPUDeviceLike };
  await device.lost;
}

/** The part of a GPUDevice that is used here. */
type GPUDeviceLike = { readonly lost: Promise<unknown> };
