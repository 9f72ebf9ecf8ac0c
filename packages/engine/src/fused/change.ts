import type { EngineBackend } from '../backend.ts';
import type { Kernel, Kernels } from '../kernels/register.ts';
import { over } from './optimizer.ts';

/**
 * Lets a function change the floats of a tensor where they lie, as long as the result lives, or of a copy: where others
 * have that memory too, or where it may be elsewhere once it grows.
 */
const changeFloats: Kernel = ({ x }, attributes, backend: EngineBackend) => {
  if (x === undefined) return undefined;
  const { change } = attributes as unknown as {
    readonly change: (floats: Float32Array) => void;
  };
  backend.place(x);
  if (!backend.engine.stays) {
    const floats = (backend.entry(x).view() as Float32Array).slice();
    change(floats);
    return { ...x, dataId: backend.write(floats, x.shape, 'float32') };
  }
  const { info } = over(x, [x], backend);
  const floats = backend.entry(info).view() as Float32Array;
  if (info.dataId !== x.dataId) floats.set(backend.entry(x).view());
  change(floats);
  return info;
};

/** What JavaScript does to the memory itself. */
export const changeKernels: Kernels = { 'twocan.changeFloats': changeFloats };
