import { dispose, memory, type TensorContainer } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/**
 * Asserts that a function leaves no tensor behind but those it returns.
 *
 * Called outside any tidy, twice: the first call may fill a cache.
 *
 * @param f returns its result (a tensor, a tree of tensors, or nothing)
 * @example
 * expectNoLeak(() => patchify(images, 4));
 */
export function expectNoLeak(f: () => TensorContainer | undefined): void {
  dispose(f() as TensorContainer);
  const before = memory().numTensors;
  const result = f();
  dispose(result as TensorContainer);
  expect(memory().numTensors - before, 'tensors left behind').toBe(0);
}
