import type { BackendValues, KernelBackend } from '@tensorflow/tfjs-core';
import type { Buffer, Device } from './gpu.ts';

type Stored = { values?: BackendValues; resource?: Buffer; dtype: 'float32' | 'int32' | 'bool' };

/** As much of tfjs's backend as is used here. */
export type WebgpuBackend = KernelBackend & {
  readonly device: Device;
  readonly tensorMap: { get(dataId: object): Stored };
  read(dataId: object): Promise<BackendValues>;
  readSync(dataId: object): BackendValues;
  endComputePassEncoder(): void;
  ensureCommandEncoderReady(): void;
  submitQueue(): void;
};
