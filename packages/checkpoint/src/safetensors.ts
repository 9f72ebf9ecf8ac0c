import { expectOptions, expectType } from '@twocan/core';
import {
  arrayOf,
  type DType,
  elements,
  expectNamedArray,
  type NamedArray,
  type NamedArrays,
  type TypedArray,
} from './dtype.ts';
import { MAX_HEADER_BYTES, MOST_NAMES, readHeader } from './header.ts';
import { brief, MOST_NAME_BYTES } from './json-members.ts';

/** What a safetensors file holds. */
export type Decoded = {
  readonly tensors: NamedArrays;
  readonly metadata: { readonly [name: string]: string };
};

/**
 * Writes named arrays as a safetensors file.
 *
 * The file is: the header's length (8 bytes, little-endian), the header in JSON padded with spaces
 * to a multiple of 8, the data without holes. Wider elements come first so that every array is
 * aligned; otherwise arrays keep their order, which {@link decodeSafetensors} gives back.
 *
 * @param named arrays by name
 * @param metadata strings to keep with them
 * @returns the file's bytes
 * @throws RangeError if an array does not fit its shape or type, or the header passes 25 MB
 * @example
 * const bytes = encodeSafetensors({ w: { dtype: 'F32', shape: [2], data: new Float32Array(2) } });
 *
 * The format: github.com/huggingface/safetensors.
 */
export function encodeSafetensors(
  named: NamedArrays,
  metadata: { readonly [name: string]: string } = {},
): Uint8Array {
  expectOptions('encodeSafetensors', 'named', named, []);
  expectOptions('encodeSafetensors', 'metadata', metadata, []);
  const entries = Object.entries(named);
  for (const [name, array] of entries) checkArray(name, array);
  entries.sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const head = headBytes('encodeSafetensors', entries, metadata);
  const size = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const bytes = new Uint8Array(head.length + size);
  bytes.set(head);
  let at = head.length;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** An array of a file: element type and shape. */
export type Described = Pick<NamedArray, 'dtype' | 'shape'>;

/**
 * What a safetensors file begins with, before the numbers: for arrays that are too large to have in memory.
 *
 * The numbers follow in the order of the arrays, little-endian and without holes.
 *
 * @param arrays type and shape by name; wider elements first
 * @param metadata strings to keep with them
 * @returns length, header and padding
 * @throws RangeError for an unknown type or an impossible shape, or a header above 25 MB
 * @example
 * const head = safetensorsHead({ features: { dtype: 'F32', shape: [1_000_000, 192] } });
 */
export function safetensorsHead(
  arrays: { readonly [name: string]: Described },
  metadata: { readonly [name: string]: string } = {},
): Uint8Array {
  expectOptions('safetensorsHead', 'arrays', arrays, []);
  expectOptions('safetensorsHead', 'metadata', metadata, []);
  for (const [name, array] of Object.entries(arrays)) {
    expectOptions('safetensorsHead', `'${name}'`, array, ['dtype', 'shape'], []);
    expectType('safetensorsHead', `'${name}'.dtype`, array.dtype, 'string');
    expectType('safetensorsHead', `'${name}'.shape`, array.shape, Array);
  }
  return headBytes('safetensorsHead', Object.entries(arrays), metadata);
}

function headBytes(
  caller: string,
  entries: readonly (readonly [string, Described])[],
  metadata: { readonly [name: string]: string },
): Uint8Array {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue;
    throw new RangeError(`${caller}: metadata '${name}' must be a string; stringify it`);
  }
  for (const names of [entries.map(([name]) => name), Object.keys(metadata)]) {
    expectNames(caller, names);
  }
  let size = 0;
  const described = entries.map(([name, { dtype, shape }]): [string, unknown] => {
    const begin = size;
    size += elements(shape) * (arrayOf(dtype as string)?.BYTES_PER_ELEMENT ?? Number.NaN);
    if (!Number.isSafeInteger(size)) {
      throw new RangeError(
        `${caller}: '${name}' must be of a known dtype and a shape, got ${dtype} [${shape}]`,
      );
    }
    return [name, { dtype, shape, data_offsets: [begin, size] }];
  });
  const about = Object.keys(metadata).length > 0 ? [['__metadata__', metadata] as const] : [];
  const json = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries<unknown>([...about, ...described])),
  );
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new RangeError(
      `${caller}: header must be at most ${MAX_HEADER_BYTES} bytes, got ${length}`,
    );
  }
  const bytes = new Uint8Array(8 + length);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.fill(0x20, 8);
  bytes.set(json, 8);
  return bytes;
}

/** What could not be read again is not written. */
function expectNames(caller: string, names: readonly string[]): void {
  if (names.length > MOST_NAMES) {
    throw new RangeError(
      `${caller}: a file must have at most ${MOST_NAMES} names, got ${names.length}`,
    );
  }
  for (const name of names) {
    const length = new TextEncoder().encode(JSON.stringify(name)).length;
    if (length <= MOST_NAME_BYTES) continue;
    throw new RangeError(
      `${caller}: '${brief(name)}' must be a name of at most ${MOST_NAME_BYTES} bytes, got ${length}`,
    );
  }
}

/**
 * Reads a safetensors file, trusting nothing in it.
 *
 * @param bytes the file
 * @returns arrays in the order of the file, and its metadata; an array shares memory with `bytes`
 *   where alignment allows, so leave `bytes` unchanged
 * @throws RangeError if the file is truncated, overlapping, holed, oversized or otherwise malformed
 * @example
 * const { tensors, metadata } = decodeSafetensors(bytes);
 */
export function decodeSafetensors(bytes: Uint8Array): Decoded {
  expectType('decodeSafetensors', 'bytes', bytes, Uint8Array);
  const { entries, metadata, dataStart } = readHeader(bytes);
  const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, NamedArray] => {
    const part = bytes.subarray(dataStart + begin, dataStart + end);
    return [name, { dtype, shape, data: view(dtype, part) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

function view(dtype: DType, part: Uint8Array): TypedArray {
  const array = arrayOf(dtype);
  const aligned = part.byteOffset % array.BYTES_PER_ELEMENT === 0 ? part : new Uint8Array(part);
  const { buffer, byteOffset, byteLength } = aligned;
  return new array(buffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT);
}

function checkArray(name: string, entry: NamedArray): void {
  expectNamedArray('encodeSafetensors', name, entry);
  const { dtype, shape, data } = entry;
  const fail = (rule: string): never => {
    throw new RangeError(`encodeSafetensors: '${name}' ${rule}`);
  };
  if (name === '__metadata__') fail('is a reserved name; rename the array');
  if (name.split('/').includes('__proto__')) fail("must not use the name '__proto__'");
  const array = arrayOf(dtype as string);
  if (array === undefined) fail(`has the unknown dtype ${dtype}`);
  else if (!(data instanceof array)) fail(`of dtype ${dtype} needs another typed array`);
  const count = elements(shape);
  if (count !== data.length) {
    fail(`of shape [${shape.join(', ')}] needs ${count} elements, got ${data.length}`);
  }
}
