import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../src/index.ts';

const bytesOf = (...data: number[]): NamedArray => ({
  dtype: 'U8',
  shape: [data.length],
  data: Uint8Array.from(data),
});
const LIMIT = 25_000_000;

describe('encodeSafetensors', () => {
  it('puts wider elements first, so that every array is aligned and shares the memory of the file', () => {
    const named = {
      a: bytesOf(1),
      b: { dtype: 'F32', shape: [1], data: Float32Array.of(2) },
      c: { dtype: 'I16', shape: [1], data: Int16Array.of(3) },
      d: { dtype: 'F64', shape: [1], data: Float64Array.of(4) },
      e: bytesOf(5),
    } satisfies Record<string, NamedArray>;
    const bytes = encodeSafetensors(named);
    const { tensors } = decodeSafetensors(bytes);
    expect(Object.keys(tensors)).toEqual(['d', 'b', 'c', 'a', 'e']);
    expect(tensors).toEqual(named);
    for (const { data } of Object.values(tensors)) expect(data.buffer).toBe(bytes.buffer);
  });

  it('copies where the memory of the file is not aligned', () => {
    const bytes = encodeSafetensors({ a: { dtype: 'F32', shape: [1], data: Float32Array.of(2) } });
    const moved = new Uint8Array(bytes.length + 1).subarray(1);
    moved.set(bytes);
    const { data } = decodeSafetensors(moved).tensors.a ?? bytesOf();
    expect(data.buffer).not.toBe(moved.buffer);
    expect([...data]).toEqual([2]);
  });

  it('writes a part of a larger memory, and an array of no element', () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const named = {
      part: { dtype: 'F32', shape: [2, 1], data },
      none: { dtype: 'F32', shape: [0, 7], data: new Float32Array(0) },
    } satisfies Record<string, NamedArray>;
    const { tensors } = decodeSafetensors(encodeSafetensors(named));
    expect([...(tensors.part?.data ?? [])]).toEqual([1, 2]);
    expect(tensors.none).toEqual(named.none);
  });

  it('holds a header up to the limit, and no longer one', () => {
    const rest = '{"__metadata__":{"k":""}}'.length;
    const text = (length: number) => ({ k: 'x'.repeat(length - rest) });
    const { metadata } = decodeSafetensors(encodeSafetensors({}, text(LIMIT)));
    expect(metadata.k).toHaveLength(LIMIT - rest);
    expect(() => encodeSafetensors({}, text(LIMIT + 1))).toThrow(
      `encodeSafetensors: header must be at most ${LIMIT} bytes, got ${LIMIT + 8}`,
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      'metadata that is no text',
      () => encodeSafetensors({}, { good: 'text', step: 3 as unknown as string }),
      "encodeSafetensors: metadata 'step' must be a string; stringify it",
    ],
    [
      'a prototype in a path',
      () => encodeSafetensors({ 'a/__proto__': bytesOf(1) }),
      "encodeSafetensors: 'a/__proto__' must not use the name '__proto__'",
    ],
    [
      'an unknown dtype',
      () => encodeSafetensors({ a: { ...bytesOf(1), dtype: 'F4' as 'U8' } }),
      "encodeSafetensors: 'a' has the unknown dtype F4",
    ],
    [
      'a shape that does not fit',
      () => encodeSafetensors({ a: { ...bytesOf(1, 2, 3), shape: [2, 3] } }),
      "encodeSafetensors: 'a' of shape [2, 3] needs 6 elements, got 3",
    ],
    [
      'a reserved name',
      () => encodeSafetensors({ __metadata__: bytesOf(1) }),
      "encodeSafetensors: '__metadata__' is a reserved name; rename the array",
    ],
    [
      'another array',
      () => encodeSafetensors({ a: { dtype: 'F32', shape: [1], data: Uint8Array.of(1) } }),
      "encodeSafetensors: 'a' of dtype F32 needs another typed array",
    ],
  ])('refuses %s', (_, write, message) => {
    expect(write).toThrow(new RangeError(message));
  });

  it('takes names that only hold the reserved ones', () => {
    const named = { 'x__proto__/y': bytesOf(1), __metadata__2: bytesOf(2) };
    expect(decodeSafetensors(encodeSafetensors(named)).tensors).toEqual(named);
  });
});
