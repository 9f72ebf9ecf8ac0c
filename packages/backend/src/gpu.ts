import type { BackendValues, KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** As much of WebGPU as is used here; TypeScript's DOM library has none of it yet. */
export type Gpu = {
  requestAdapter(options?: { readonly powerPreference?: string }): Promise<Adapter | null>;
};

/** A GPU, or a program that plays one. */
export type Adapter = {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<string, number>>;
  readonly info?: AdapterInfo;
  readonly isFallbackAdapter?: boolean;
  requestDevice(descriptor: {
    readonly requiredFeatures: readonly string[];
    readonly requiredLimits: Readonly<Record<string, number>>;
  }): Promise<Device>;
};

export type AdapterInfo = {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
};

export type Device = {
  readonly limits: Readonly<Record<string, number>>;
  onuncapturederror: ((event: { readonly error: Error }) => void) | null;
  readonly queue: { submit(commands: readonly object[]): void };
  createBuffer(descriptor: { readonly size: number; readonly usage: number }): Buffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: Buffer, start: number, to: Buffer, at: number, size: number): void;
    finish(): object;
  };
};

export type Buffer = {
  readonly size: number;
  readonly mapState: 'unmapped' | 'pending' | 'mapped';
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
};

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
  runWebGPUProgram(
    program: object,
    inputs: readonly TensorInfo[],
    dtype: string,
    uniforms: readonly object[],
  ): TensorInfo;
};
type Flags = Readonly<Record<string, number>>;

/** The global scope, with the types of WebGPU. */
export const world = globalThis as unknown as {
  readonly navigator?: { readonly gpu?: Gpu };
  readonly GPUBufferUsage?: Flags;
  readonly GPUMapMode?: Flags;
};

/** What WebGPU computes on here. */
export type WebgpuReport = {
  /** Vendor, architecture and device of the adapter, as text. */
  readonly adapter: string;
  /** The driver's own description. */
  readonly driver: string;
  /** Whether the processor plays the GPU. */
  readonly software: boolean;
  /** The device's limits by their WebGPU names, such as `maxBufferSize` in bytes. */
  readonly limits: Readonly<Record<string, number>>;
};

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/**
 * An adapter's description of itself.
 *
 * Browsers may keep device and description to themselves.
 */
export function describeAdapter(adapter: Adapter): WebgpuReport {
  const { vendor = '', architecture = '', device = '', description = '' } = adapter.info ?? {};
  const names = [vendor, architecture, device].filter((name) => name !== '');
  const words = [...names, description].join(' ');
  const limits: Record<string, number> = {};
  // They are properties of the prototype, not of the object.
  for (const name in adapter.limits) {
    const value = adapter.limits[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return {
    adapter: names.join(' ') || 'unnamed',
    driver: description,
    software:
      adapter.isFallbackAdapter === true ||
      adapter.info?.isFallbackAdapter === true ||
      SOFTWARE.test(words),
    limits,
  };
}
