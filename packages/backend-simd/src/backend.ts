import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  type backend_util,
  type DataType,
  type TensorInfo,
  type TypedArray,
  util,
} from '@tensorflow/tfjs-core';
import type { Engine } from './engine.ts';

type Values = backend_util.BackendValues;
type DataId = object;

/**
 * The data of one tensor: JavaScript values as the cpu backend keeps them, or a block of the engine's
 * memory. `values` is what cpu kernels read, wherever it stands.
 */
class Entry {
  dtype: DataType;
  refCount: number;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Number of elements. */
  size: number;
  /** Where it stands in the engine's memory; 0: it does not. */
  offset = 0;
  #engine: Engine;
  #host: Values | undefined;

  constructor(engine: Engine, dtype: DataType, size: number, refCount: number, host?: Values) {
    this.#engine = engine;
    this.dtype = dtype;
    this.size = size;
    this.refCount = refCount;
    this.#host = host;
  }

  get values(): Values {
    return this.offset === 0 ? (this.#host as Values) : this.view();
  }

  set values(values: Values) {
    this.release();
    this.#host = values;
  }

  view(): TypedArray {
    const { buffer } = this.#engine.memory;
    if (this.dtype === 'float32') return new Float32Array(buffer, this.offset, this.size);
    if (this.dtype === 'bool') return new Uint8Array(buffer, this.offset, this.size);
    return new Int32Array(buffer, this.offset, this.size);
  }

  /** Makes room in the engine's memory, and moves there what the host has. */
  place(): number {
    if (this.offset !== 0) return this.offset;
    const host = this.#host as TypedArray | undefined;
    this.offset = this.#engine.heap.alloc(this.dtype === 'bool' ? this.size : 4 * this.size);
    if (host !== undefined) this.view().set(host);
    this.#host = undefined;
    return this.offset;
  }

  release(): void {
    if (this.offset !== 0) this.#engine.heap.free(this.offset);
    this.offset = 0;
    this.#host = undefined;
  }
}

let nextId = 1;

/**
 * The cpu backend with its numbers in the engine's memory, so that every cpu kernel still works and
 * ours find byte offsets. A class because tfjs wants one; internal.
 */
export class SimdBackend extends MathBackendCPU {
  readonly engine: Engine;

  constructor(engine: Engine) {
    super();
    this.engine = engine;
  }

  #entry(dataId: DataId): Entry {
    return this.data.get(dataId) as unknown as Entry;
  }

  #keep(dataId: DataId, entry: Entry): void {
    this.data.set(dataId, entry as unknown as Parameters<typeof this.data.set>[1]);
  }

  override write(values: Values, shape: number[], dtype: DataType): DataId {
    const dataId = { id: nextId++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: Values,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    // Some cpu kernels return a view of their input, which would move with it.
    const ours = ArrayBuffer.isView(values) && values.buffer === this.engine.memory.buffer;
    const host = ours ? (values as Float32Array).slice() : values;
    const size = host?.length ?? util.sizeFromShape(shape);
    this.#keep(dataId, new Entry(this.engine, dtype, size, refCount, host ?? undefined));
  }

  /** A new tensor in the engine's memory, its numbers whatever was there. */
  output(shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
    const entry = new Entry(this.engine, dtype, util.sizeFromShape([...shape]), 1);
    entry.place();
    const dataId = { id: nextId++ };
    this.#keep(dataId, entry);
    return { dataId, shape: [...shape], dtype };
  }

  /** Where a tensor stands in the engine's memory; it is moved there first if need be. */
  offset(t: TensorInfo): number {
    return this.#entry(t.dataId).place();
  }

  /** A tensor's numbers, as a view or as the host's own array; good until the next allocation. */
  peek(t: TensorInfo): TypedArray {
    return this.#entry(t.dataId).values as TypedArray;
  }

  override readSync(dataId: DataId): Values {
    const entry = this.#entry(dataId);
    if (entry.dtype === 'complex64' || entry.offset === 0) return super.readSync(dataId);
    return entry.view().slice();
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const entry = this.#entry(dataId);
    if (!force && entry.refCount > 1) {
      entry.refCount--;
      return false;
    }
    entry.release();
    return super.disposeData(dataId, force);
  }

  override memory(): ReturnType<MathBackendCPU['memory']> & { numBytesInEngine: number } {
    return { unreliable: false, reasons: [], numBytesInEngine: this.engine.heap.inUse() };
  }

  override dispose(): void {
    this.engine.end();
  }
}
