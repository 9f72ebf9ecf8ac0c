/**
 * The few wire types that ONNX files and TensorBoard's event files need.
 *
 * Protocol Buffers, "Encoding": a message is a row of fields, each a tag (number << 3 | type) and a
 * value; type 0 is a variable-length integer, 1 eight bytes, 2 bytes behind their length, 5 four.
 */
const TYPE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * A non-negative integer up to 2^53.
 *
 * @param field number of the field
 * @param value the integer
 * @returns the encoded field
 * @example
 * integer(1, 8);
 */
export function integer(field: number, value: number): Uint8Array {
  return concat([tag(field, TYPE.varint), varint(value)]);
}

/**
 * A float64.
 *
 * @param field number of the field
 * @param value the number
 * @returns the encoded field
 * @example
 * double(1, 0.5);
 */
export function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat([tag(field, TYPE.fixed64), bytes]);
}

/**
 * A float32.
 *
 * @param field number of the field
 * @param value the number
 * @returns the encoded field
 * @example
 * float(2, 1e-6);
 */
export function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([tag(field, TYPE.fixed32), bytes]);
}

/**
 * Text as UTF-8.
 *
 * @param field number of the field
 * @param value the text
 * @returns the encoded field
 * @example
 * text(2, 'twocan');
 */
export function text(field: number, value: string): Uint8Array {
  return message(field, [new TextEncoder().encode(value)]);
}

/**
 * Bytes, or a message inside: its encoded fields one after the other.
 *
 * @param field number of the field
 * @param parts the content
 * @returns the encoded field
 * @example
 * message(8, [text(1, ''), integer(2, 17)]);
 */
export function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return concat(pieces(field, parts));
}

/**
 * The same without a copy of the content, which may be all weights of a model.
 *
 * @param field number of the field
 * @param parts the content
 * @returns what {@link concat} makes the encoded field of
 * @example
 * concat([...pieces(7, graph), message(8, [integer(2, 17)])]);
 */
export function pieces(field: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [tag(field, TYPE.bytes), varint(length), ...parts];
}

/**
 * Byte arrays one after the other.
 *
 * @param parts any number of them
 * @returns one array
 * @example
 * concat([integer(1, 8), text(2, 'twocan')]);
 */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const tag = (field: number, type: number): Uint8Array => varint(field * 8 + type);

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  // Division, not shifts: a step may pass 2^31.
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}
