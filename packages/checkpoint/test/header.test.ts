import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../src/index.ts';

/** A file with any header, and `size` bytes of data. */
function file(header: unknown, size = 0, length?: number): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const entry = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: offsets,
});
const one = (shape: unknown, offsets: unknown, dtype?: unknown) =>
  file({ a: entry(shape, offsets, dtype) }, 4);
/** A tensor without elements. */
const NONE = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
const many = (count: number) =>
  file(`{${Array.from({ length: count }, (_, i) => `"${i}":${NONE}`).join()}}`);

describe('a header is refused with its first broken rule', () => {
  it.each<[string, Uint8Array]>([
    ['a file has at least 8 bytes, got 7; is it truncated?', new Uint8Array(7)],
    ['header length must be at most 25000000 bytes, got 25000001', file('{}', 0, 25_000_001)],
    ['header length must be at most 25000000 bytes, got 4294967298', file('{}', 0, 2 ** 32 + 2)],
    ['header needs 3 bytes, the file has 2 left; is it truncated?', file('{}', 0, 3)],
    ["header must begin with '{'; is this a safetensors file?", file('[]')],
    ["header must begin with '{'; is this a safetensors file?", file(' {}')],
    ["the name 'a' stands twice", file(`{"a":${NONE},"a":2}`)],
    ["the name 'a' stands twice", file(`{"a":${NONE},"b":${NONE},"a":4}`)],
    ["the name 'a\"' stands twice", file(`{"a\\"":${NONE},"a\\"":2}`)],
    ["the name 'a\\' stands twice", file(`{"a\\\\":${NONE},"a\\\\":2}`)],
    ["the name 'a' stands twice", file(`{"a":${NONE},"\\u0061":2}`)],
    ["the name '' stands twice", file(`{"":${NONE},"":2}`)],
    ["the name 'a' stands twice", file(`{"a":${NONE},"a" :2}`)],
    ["the name 'a' stands twice", file(`{"a"\t:${NONE},"a"\r\n:2}`)],
    ["the name 'k' stands twice", file('{"x":{"k":1,"k":2}}')],
    ["the name 'k' stands twice", file('{"__metadata__":{"k":"1","k":"2"}}')],
    [
      "'a' must be described in at most 4096 bytes, got 4128",
      file({ a: { ...entry([0], [0, 0]), more: 'x'.repeat(4070) } }),
    ],
    ['a file must have at most 32768 tensors, got more', many(32_769)],
    [
      'a file must have at most 32768 texts in __metadata__, got more',
      file({ __metadata__: Object.fromEntries(Array.from({ length: 32_769 }, (_, i) => [i, ''])) }),
    ],
    ['__metadata__ must be an object of strings', file({ __metadata__: null })],
    ['__metadata__ must be an object of strings', file({ __metadata__: 'text' })],
    ["__metadata__ must not use the name '__proto__'", file('{"__metadata__":{"__proto__":"x"}}')],
    ["__metadata__ 'step' must be a string", file({ __metadata__: { ok: 'x', step: 1 } })],
    ["'__proto__' must not use the name '__proto__'", file('{"__proto__":{}}')],
    ["'a/__proto__' must not use the name '__proto__'", file({ 'a/__proto__': {} })],
    ["'a' must be an object", file({ a: 1 })],
    ["'a' must be an object", file({ a: null })],
    ["'a' must be an object", file({ a: [] })],
    ['\'a\' has the unknown dtype "F4"', one([1], [0, 4], 'F4')],
    ["'a' has the unknown dtype 5", one([1], [0, 4], 5)],
    ["'a' has the impossible shape [-1]", one([-1], [0, 4])],
    ["'a' has the impossible shape nothing", one(undefined, [0, 4])],
    ["'a' has the impossible shape {}", one({}, [0, 4])],
    ["'a' has the impossible shape [9007199254740991]", one([2 ** 53 - 1], [0, 4])],
    [`'a' has the impossible shape [${'1,'.repeat(39)}1`, one([...Array(99).fill(1), -1], [0, 4])],
    ["'a' must have data_offsets [begin, end], got [4,0]", one([1], [4, 0])],
    ["'a' must have data_offsets [begin, end], got [-4,0]", one([1], [-4, 0])],
    ["'a' must have data_offsets [begin, end], got [0]", one([1], [0])],
    ["'a' must have data_offsets [begin, end], got [0,4,8]", one([1], [0, 4, 8])],
    ["'a' must have data_offsets [begin, end], got [0,4.5]", one([1], [0, 4.5])],
    ["'a' must have data_offsets [begin, end], got [0.5,4]", one([1], [0.5, 4])],
    ['\'a\' must have data_offsets [begin, end], got ["0","4"]', one([1], ['0', '4'])],
    ['\'a\' must have data_offsets [begin, end], got "04"', one([1], '04')],
    ["'a' must have data_offsets [begin, end], got nothing", one([1], undefined)],
    ["'a' of shape [2] needs 8 bytes, has 4", one([2], [0, 4])],
    [
      "'b' overlaps the tensor before it",
      file({ a: entry([2], [0, 8]), b: entry([1], [4, 8]) }, 8),
    ],
    [
      "there is a hole of 4 bytes before 'b'",
      file({ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }, 12),
    ],
    ['tensors need 4 bytes, the file has 3; truncated?', file({ a: entry([1], [0, 4]) }, 3)],
    ['1 bytes follow the last tensor', file({ a: entry([1], [0, 4]) }, 5)],
    ['1 bytes follow the last tensor', file({}, 1)],
  ])('%s', (rule, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrow(new RangeError(`decodeSafetensors: ${rule}`));
  });

  it.each([
    ['no JSON', file('{"a"')],
    ['two objects', file('{}{}')],
    ['an object that does not end', file(`{"a":${NONE}`)],
    ['a name without an end', file('{"a')],
    ['a list that ends as an object', file('{"a":[}}')],
    ['a number as a name', file(`{1:${NONE}}`)],
    ['a comma at the end', file(`{"a":${NONE},}`)],
    ['no value', file('{"a":}')],
    ['no colon', file(`{"a" ${NONE}}`)],
    ['a very long name', file({ ['x'.repeat(4095)]: 1 })],
    ['metadata that end otherwise', file('{"__metadata__":{"a":"b"]}')],
    ['bytes that are no UTF-8', file('{"é":0}').map((byte, i) => (i === 10 ? 0xff : byte))],
  ])('%s, with what the parser says', (_, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrow(
      /^decodeSafetensors: header must be JSON in UTF-8 \((?!.*Error:).{8,}\)$/,
    );
  });
});

describe('a header is accepted', () => {
  const names = (bytes: Uint8Array): string[] => Object.keys(decodeSafetensors(bytes).tensors);

  it('that is the whole file', () => {
    expect(decodeSafetensors(file('{}'))).toEqual({ tensors: {}, metadata: {} });
    expect(decodeSafetensors(file('{"__metadata__":{}}   '))).toEqual({
      tensors: {},
      metadata: {},
    });
  });

  it('with its tensors in any order, those without elements included', () => {
    const bytes = file({ c: entry([1], [4, 8]), b: entry([1], [0, 4]), a: entry([0], [0, 0]) }, 8);
    expect(names(bytes)).toEqual(['a', 'b', 'c']);
    expect(names(file({ b: entry([0], [4, 4]), a: entry([1], [0, 4]) }, 4))).toEqual(['a', 'b']);
  });

  it('with as many tensors as a file may have', () => {
    expect(names(many(32_768))).toHaveLength(32_768);
  });

  it('with equal names in different objects, and texts that look like names', () => {
    const header = {
      __metadata__: { dtype: 'dtype', a: '"a":', b: '{"b":1,"b":2}', c: '\\' },
      a: { ...entry([1], [0, 4]), more: ['a', 'a', { a: ['b'] }, { a: 1 }] },
    };
    const { metadata, tensors } = decodeSafetensors(file(header, 4));
    expect(metadata).toEqual(header.__metadata__);
    expect(Object.keys(tensors)).toEqual(['a']);
  });

  it('with names that only hold the reserved ones', () => {
    expect(names(file({ 'x__proto__/y': entry([1], [0, 4]) }, 4))).toEqual(['x__proto__/y']);
  });

  it('of a file of which it is not the beginning of the memory', () => {
    const bytes = file({ a: entry([1], [0, 4], 'U32') }, 4);
    bytes.set([1, 2, 0, 0], bytes.length - 4);
    const moved = new Uint8Array(bytes.length + 12).fill(7).subarray(4, 4 + bytes.length);
    moved.set(bytes);
    expect([...(decodeSafetensors(moved).tensors.a?.data ?? [])]).toEqual([513]);
  });
});
