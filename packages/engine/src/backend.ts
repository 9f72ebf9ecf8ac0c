import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type BackendValues, type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Engine } from './engine.ts';

type Typed = Float32Array | Int32Array | Uint8Array;

/**
 * The values of one tensor: a JavaScript array until a kernel needs their address in the memory, and
 * then a block of it. The cpu backend's kernels read `values` and never see the difference.
 */
class Entry {
  refCount = 1;
  offset = 0;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  readonly dtype: DataType;
  readonly length: number;
  readonly #engine: Engine;
  #array: BackendValues | null;

  constructor(engine: Engine, array: BackendValues | null, dtype: DataType, length: number) {
    this.#engine = engine;
    this.#array = array;
    this.dtype = dtype;
    this.length = length;
  }

  get values(): BackendValues {
    if (this.offset !== 0) return this.view();
    // Kernels of tfjs may make a tensor without values and fill it in.
    this.#array ??= util.makeZerosTypedArray(this.length, this.dtype as 'float32');
    return this.#array;
  }

  set values(values: BackendValues) {
    this.free();
    this.#array = values;
  }

  view(): Typed {
    if (this.dtype === 'float32') return this.#engine.floats(this.offset, this.length);
    if (this.dtype === 'bool') return this.#engine.bytes(this.offset, this.length);
    return this.#engine.integers(this.offset, this.length);
  }

  /** Gives it a block without values. */
  reserve(): number {
    this.offset = this.#engine.heap.allocate(4 * this.length);
    return this.offset;
  }

  /** Its place in the memory; the values move there at the first call. */
  place(): number {
    if (this.offset !== 0) return this.offset;
    const array = this.#array;
    this.reserve();
    if (array === null) this.view().fill(0);
    else this.view().set(array as ArrayLike<number> as Typed);
    this.#array = null;
    return this.offset;
  }

  free(): void {
    if (this.offset !== 0) this.#engine.heap.release(this.offset, 4 * this.length);
    this.offset = 0;
    this.#array = null;
  }
}

/** An output of a kernel: its tensor, and where to write. */
export type Output = { readonly info: TensorInfo; readonly at: number };

/**
 * A backend of tfjs whose tensors can lie in the memory of an {@link Engine}. What it has no kernel for,
 * the cpu backend's kernels compute on views of the same memory.
 */
export class EngineBackend extends MathBackendCPU {
  readonly engine: Engine;
  /** Whether TWOCAN_SIMD_DEBUG, or that of another engine's name, was in the environment at the start. */
  readonly logsFallbacks: boolean;
  readonly #disposed: () => void;
  #next = 1;

  constructor(engine: Engine, disposed: () => void) {
    super();
    this.engine = engine;
    this.logsFallbacks =
      typeof process !== 'undefined' &&
      Boolean(process.env?.[`TWOCAN_${engine.name.toUpperCase()}_DEBUG`]);
    this.#disposed = disposed;
    // The cpu backend advertises tfjs-node at its first use.
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    const dataId = { id: this.#next++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    const entry = new Entry(
      this.engine,
      this.#own(values, dtype),
      dtype,
      util.sizeFromShape(shape),
    );
    entry.refCount = refCount;
    this.data.set(dataId, entry as never);
  }

  /**
   * Values that no other tensor can change: some kernels of the cpu backend hand out parts of their
   * input, which here would be somebody else's memory; one gives integers the name of floats.
   */
  #own(values: BackendValues | null | undefined, dtype: DataType): BackendValues | null {
    if (values === null || values === undefined) return null;
    if (dtype === 'float32' && !(values instanceof Float32Array)) {
      return Float32Array.from(values as ArrayLike<number>);
    }
    const { buffer } = values as Typed;
    return isShared(buffer) || (buffer !== undefined && this.engine.owns(buffer))
      ? (values as Typed).slice()
      : values;
  }

  entry(info: TensorInfo): Entry {
    return this.data.get(info.dataId) as unknown as Entry;
  }

  /** Where a tensor lies. */
  place(info: TensorInfo): number {
    return this.entry(info).place();
  }

  /** A fresh tensor whose values are whatever lay there before. */
  output(shape: readonly number[], dtype: DataType = 'float32'): Output {
    const dataId = { id: this.#next++ };
    const entry = new Entry(this.engine, null, dtype, util.sizeFromShape([...shape]));
    this.data.set(dataId, entry as never);
    return { info: { dataId, shape: [...shape], dtype }, at: entry.reserve() };
  }

  /** Memory for the time of one kernel. */
  temporary<T>(bytes: number, work: (at: number) => T): T {
    const at = this.engine.heap.allocate(bytes);
    try {
      return work(at);
    } finally {
      this.engine.heap.release(at, bytes);
    }
  }

  override readSync(dataId: object): BackendValues {
    const entry = this.data.get(dataId) as unknown as Entry;
    if (entry.dtype === 'complex64') return super.readSync(dataId);
    // A copy: what lies in the memory changes with the next tensor there.
    return entry.offset === 0 ? entry.values : copyOut(entry.view());
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const entry = this.data.get(dataId) as unknown as Entry;
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    const { complexTensorInfos: parts } = entry;
    entry.free();
    if (parts !== undefined) {
      this.disposeData(parts.real.dataId, true);
      this.disposeData(parts.imag.dataId, true);
    }
    this.data.delete(dataId);
    return true;
  }

  /** Ends the threads: `removeBackend` of tfjs calls it. */
  override dispose(): void {
    this.engine.stop();
    this.#disposed();
    super.dispose();
  }

  /** In addition to what tfjs counts: bytes of tensors in the engine's memory, and its size in bytes. */
  override memory(): {
    unreliable: boolean;
    reasons: string[];
    numBytesInUse: number;
    numBytesReserved: number;
  } {
    const { inUse, reserved } = this.engine.heap.report();
    return { unreliable: false, reasons: [], numBytesInUse: inUse, numBytesReserved: reserved };
  }
}

const isShared = (buffer: ArrayBufferLike | undefined): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;

/** A copy outside of shared memory. */
function copyOut(view: Typed): Typed {
  if (view instanceof Float32Array) return new Float32Array(view);
  return view instanceof Int32Array ? new Int32Array(view) : new Uint8Array(view);
}
