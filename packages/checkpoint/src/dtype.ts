import { expectOptions, expectType } from '@twocan/core';

/** The element types that twocan reads and writes, as safetensors names them. */
export type DType =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'U64'
  | 'I32'
  | 'U32'
  | 'I16'
  | 'U16'
  | 'I8'
  | 'U8'
  | 'BOOL';

/** The typed arrays that hold them. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A tensor outside any backend: element type, shape and row-major elements. */
export type NamedArray = {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
};

/** Arrays by name, in the order of the file. */
export type NamedArrays = { readonly [name: string]: NamedArray };

type ArrayOf = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
};

/** Half precision has no typed array everywhere, so F16 and BF16 stay raw 16-bit words. */
const ARRAYS: ReadonlyMap<string, ArrayOf> = new Map<DType, ArrayOf>([
  ['F64', Float64Array],
  ['F32', Float32Array],
  ['F16', Uint16Array],
  ['BF16', Uint16Array],
  ['I64', BigInt64Array],
  ['U64', BigUint64Array],
  ['I32', Int32Array],
  ['U32', Uint32Array],
  ['I16', Int16Array],
  ['U16', Uint16Array],
  ['I8', Int8Array],
  ['U8', Uint8Array],
  ['BOOL', Uint8Array],
]);

/** The typed array of an element type; `undefined` for a type that twocan does not know. */
export function arrayOf(dtype: DType): ArrayOf;
export function arrayOf(dtype: string): ArrayOf | undefined;
export function arrayOf(dtype: string): ArrayOf | undefined {
  return ARRAYS.get(dtype);
}

/** The number of elements of a shape; NaN if the shape is not a list of sizes or is too large. */
export function elements(shape: unknown): number {
  if (!Array.isArray(shape)) return Number.NaN;
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return Number.NaN;
    count *= size;
    if (!Number.isSafeInteger(count)) return Number.NaN;
  }
  return count;
}

/** Checks that an entry of a list of named arrays has what each has. */
export function expectNamedArray(caller: string, name: string, entry: NamedArray): void {
  expectOptions(caller, `'${name}'`, entry, ['dtype', 'shape', 'data'], []);
  expectType(caller, `'${name}'.dtype`, entry.dtype, 'string');
  expectType(caller, `'${name}'.shape`, entry.shape, Array);
  expectType(caller, `'${name}'.data`, entry.data, 'object');
}

/**
 * Checks arrays by name: that each has a type, a shape, and as many elements as its shape says.
 *
 * @param caller the calling function, named in the error
 * @param argument the argument's name
 * @param named the arrays
 * @throws TypeError for another kind of value, RangeError for a shape that does not fit, each by its name
 * @example
 * expectNamedArrays('encoderToOnnx', 'params', params);
 */
export function expectNamedArrays(caller: string, argument: string, named: NamedArrays): void {
  expectOptions(caller, argument, named, []);
  for (const [name, entry] of Object.entries(named)) {
    expectNamedArray(caller, name, entry);
    const count = elements(entry.shape);
    if (count === entry.data.length) continue;
    throw new RangeError(
      `${caller}: '${name}' of shape [${entry.shape.join(', ')}] must have ${count} elements, ` +
        `got ${entry.data.length}`,
    );
  }
}
