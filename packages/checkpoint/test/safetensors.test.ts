import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DType,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  type NamedArrays,
} from '../src/index.ts';

const MAKERS: Readonly<Record<string, (values: number[]) => NamedArray['data']>> = {
  F64: (v) => Float64Array.from(v),
  F32: (v) => Float32Array.from(v),
  F16: (v) => Uint16Array.from(v),
  BF16: (v) => Uint16Array.from(v),
  I64: (v) => BigInt64Array.from(v.map(BigInt)),
  U64: (v) => BigUint64Array.from(v.map((x) => BigInt(Math.abs(x)))),
  I32: (v) => Int32Array.from(v),
  U32: (v) => Uint32Array.from(v),
  I16: (v) => Int16Array.from(v),
  U16: (v) => Uint16Array.from(v),
  I8: (v) => Int8Array.from(v),
  U8: (v) => Uint8Array.from(v),
  BOOL: (v) => Uint8Array.from(v, (x) => x & 1),
};

const arrays = fc
  .tuple(
    fc.constantFrom(...Object.keys(MAKERS)),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  )
  .chain(([dtype, shape]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return fc
      .array(fc.integer({ min: -999, max: 999 }), { minLength: count, maxLength: count })
      .map((values): NamedArray => {
        const data = (MAKERS[dtype] as (v: number[]) => NamedArray['data'])(values);
        return { dtype: dtype as DType, shape, data };
      });
  });
const names = fc.string({ unit: 'grapheme' }).filter((n) => !n.includes('__'));
const dictionaries = fc.dictionary(names, arrays);

/** A file with any header, and `size` bytes of data. */
function file(header: unknown, size = 0, length?: number): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('reads what it wrote, at any place in memory', () => {
    fc.assert(
      fc.property(
        dictionaries,
        fc.dictionary(names, fc.string()),
        fc.integer({ min: 0, max: 7 }),
        (named, metadata, shift) => {
          const bytes = encodeSafetensors(named, metadata);
          const moved = new Uint8Array(bytes.length + shift).subarray(shift);
          moved.set(bytes);
          const decoded = decodeSafetensors(moved);
          expect(decoded.metadata).toEqual(metadata);
          expect(decoded.tensors).toEqual(named);
        },
      ),
    );
  });

  it('pads the header to 8 bytes with spaces and keeps the order of the names', () => {
    const scalar = (value: number): NamedArray => ({
      dtype: 'F32',
      shape: [],
      data: Float32Array.of(value),
    });
    const bytes = encodeSafetensors({ z: scalar(1), a: scalar(2) });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const json = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(json).toMatch(/^\{.*\} *$/);
    expect(Object.keys(decodeSafetensors(bytes).tensors)).toEqual(['z', 'a']);
  });

  it('is, byte for byte, the file of the format description', () => {
    const bytes = encodeSafetensors({ t: { dtype: 'U8', shape: [2], data: Uint8Array.of(1, 2) } });
    const header = '{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}   ';
    expect([...bytes]).toEqual([
      header.length,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...new TextEncoder().encode(header),
      1,
      2,
    ]);
  });

  it.skipIf(globalThis.Buffer === undefined)('takes a Node buffer (skipped in pages)', () => {
    const named: NamedArrays = { x: { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) } };
    const padded = Buffer.concat([Buffer.alloc(3), encodeSafetensors(named)]).subarray(3);
    expect(decodeSafetensors(padded).tensors).toEqual(named);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /at least 8 bytes/],
    ['half a length', new Uint8Array(7), /at least 8 bytes/],
    ['a hostile length', file('{}', 0, 2 ** 52), /at most 25000000/],
    ['a length of all ones', new Uint8Array(64).fill(255), /at most 25000000/],
    ['a length past the end', file('{}', 0, 3), /truncated/],
    ['no JSON', file('{"a"'), /JSON/],
    ['no object', file('[]'), /begin with '\{'/],
    ['an empty header', file(''), /begin with '\{'/],
    ['a leading space', file(' {}'), /begin with '\{'/],
    ['bad UTF-8', file('{"é":0}').map((byte, i) => (i === 10 ? 0xff : byte)), /UTF-8/],
    ['a byte order mark', file('\ufeff{}'), /begin with '\{'/],
    [
      'a name twice',
      file(
        '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      ),
      /'a' stands twice/,
    ],
    [
      'a name twice, once escaped',
      file('{"__metadata__":{"k":"a:{","\\u006b":"b"}}'),
      /'k' stands twice/,
    ],
    [
      'a prototype',
      file('{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /__proto__/,
    ],
    ['a prototype inside a path', file({ 'a/__proto__/b': entry([0], 0, 0) }), /__proto__/],
    ['a prototype in metadata', file('{"__metadata__":{"__proto__":"x"}}'), /__proto__/],
    ['metadata of numbers', file({ __metadata__: { step: 1 } }), /must be a string/],
    ['metadata as a list', file({ __metadata__: [] }), /object of strings/],
    ['a tensor that is no object', file({ a: 1 }), /must be an object/],
    ['an unknown dtype', file({ a: entry([1], 0, 4, 'F4') }, 4), /unknown dtype "F4"/],
    ['a dtype from the prototype', file({ a: entry([1], 0, 4, 'toString') }, 4), /unknown dtype/],
    ['a negative size', file({ a: entry([-1], 0, 4) }, 4), /impossible shape/],
    ['a fractional size', file({ a: entry([0.5], 0, 2) }, 2), /impossible shape/],
    ['a size that overflows', file({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /impossible shape/],
    ['a shape that is no list', file({ a: entry('1', 0, 4) }, 4), /impossible shape/],
    ['no offsets', file({ a: { dtype: 'F32', shape: [1] } }, 4), /data_offsets/],
    ['reversed offsets', file({ a: entry([1], 4, 0) }, 4), /data_offsets/],
    ['negative offsets', file({ a: entry([1], -4, 0) }, 4), /data_offsets/],
    ['the wrong size', file({ a: entry([2], 0, 4) }, 4), /needs 8 bytes, has 4/],
    ['an overlap', file({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8), /overlaps/],
    ['a hole', file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /hole of 4/],
    ['a hole at the start', file({ a: entry([1], 4, 8) }, 8), /hole of 4/],
    ['missing data', file({ a: entry([1], 0, 4) }, 3), /truncated/],
    ['bytes behind', file({ a: entry([1], 0, 4) }, 5), /1 bytes follow/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  it('never accepts a file that was cut, and never throws anything but its own error', () => {
    fc.assert(
      fc.property(
        dictionaries,
        fc.double({ min: 0, max: 1, maxExcluded: true }),
        (named, where) => {
          const bytes = encodeSafetensors(named);
          const cut = bytes.subarray(0, Math.floor(bytes.length * where));
          expect(() => decodeSafetensors(cut)).toThrow(/^decodeSafetensors: /);
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        expect(() => decodeSafetensors(noise)).toThrow(/^decodeSafetensors: /);
      }),
    );
  });

  it.each<[string, NamedArrays, RegExp]>([
    [
      'a wrong shape',
      { a: { dtype: 'F32', shape: [2], data: new Float32Array(3) } },
      /needs 2 elements, got 3/,
    ],
    [
      'a wrong array',
      { a: { dtype: 'F32', shape: [2], data: new Int32Array(2) } },
      /another typed array/,
    ],
    [
      'a reserved name',
      { __metadata__: { dtype: 'U8', shape: [0], data: new Uint8Array(0) } },
      /reserved/,
    ],
  ])('does not write %s', (_, named, message) => {
    expect(() => encodeSafetensors(named)).toThrow(message);
  });
});
