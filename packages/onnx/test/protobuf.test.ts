import { describe, expect, test } from 'vitest';
import { concat, double, float, integer, message, pieces, text } from '../src/protobuf/index.ts';

// Protocol Buffers, "Encoding": the examples of the page, and the ends of each length.
describe('wire types', () => {
  const bytes = (value: Uint8Array): number[] => [...value];

  test.each([
    [1, 0, [0x08, 0]],
    [1, 150, [0x08, 0x96, 0x01]],
    [2, 127, [0x10, 0x7f]],
    [2, 128, [0x10, 0x80, 0x01]],
    [16, 1, [0x80, 0x01, 1]],
    [1, 16_383, [0x08, 0xff, 0x7f]],
    [1, 16_384, [0x08, 0x80, 0x80, 0x01]],
    [1, 2 ** 32, [0x08, 0x80, 0x80, 0x80, 0x80, 0x10]],
  ])('integer: field %d, %d', (field, value, expected) => {
    expect(bytes(integer(field, value))).toEqual(expected);
  });

  test('floats, text and messages', () => {
    expect(bytes(double(1, 1.5))).toEqual([0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
    expect(bytes(float(2, -2))).toEqual([0x15, 0, 0, 0, 0xc0]);
    expect(bytes(text(2, 'testing'))).toEqual([0x12, 0x07, ...new TextEncoder().encode('testing')]);
    expect(bytes(text(1, 'ï'))).toEqual([0x0a, 2, 0xc3, 0xaf]);
    expect(bytes(message(3, [integer(1, 150)]))).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
    expect(bytes(message(3, []))).toEqual([0x1a, 0]);
    expect(concat(pieces(3, [integer(1, 150)]))).toEqual(message(3, [integer(1, 150)]));
    expect(bytes(concat([Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]))).toEqual([
      1, 2, 3,
    ]);
  });
});
