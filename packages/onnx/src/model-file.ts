import { concat, float, integer, message, pieces, text } from './protobuf/index.ts';

/** Element types, by the numbers of onnx.proto. */
export const ELEMENT = { float: 1, int8: 3, int64: 7, boolean: 9, float16: 10 } as const;

/** The operators' version, and the file format's: ONNX Runtime 1.13 and later read both. */
const VERSION = { operators: 17, format: 8 } as const;

/** Protocol Buffers holds no longer message. */
const LARGEST = 2 ** 31 - 1;

/** An input or output: name, and a size or a name for each axis. */
export type Port = { readonly name: string; readonly shape: readonly (number | string)[] };

/** Attributes by name: an integer, a list of integers, or `{ float }`. */
export type Attributes = {
  readonly [name: string]: number | readonly number[] | { readonly float: number };
};

/** One node. */
export function nodeBytes(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Attributes = {},
): Uint8Array {
  return message(1, [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, outputs[0] ?? ''),
    text(4, type),
    ...Object.entries(attributes).map(([name, value]) => attributeBytes(name, value)),
  ]);
}

function attributeBytes(name: string, value: Attributes[string]): Uint8Array {
  const [KIND, FLOAT, INTEGER, INTEGERS] = [20, 1, 2, 7];
  if (typeof value === 'number') {
    return message(5, [text(1, name), integer(3, value), integer(KIND, INTEGER)]);
  }
  if ('float' in value) {
    return message(5, [text(1, name), float(2, value.float), integer(KIND, FLOAT)]);
  }
  return message(5, [text(1, name), ...value.map((x) => integer(8, x)), integer(KIND, INTEGERS)]);
}

/** A constant, as pieces of bytes: the numbers are not copied. */
export function constantBytes(
  name: string,
  type: (typeof ELEMENT)[keyof typeof ELEMENT],
  shape: readonly number[],
  { buffer, byteOffset, byteLength }: ArrayBufferView,
): Uint8Array[] {
  const raw = new Uint8Array(buffer, byteOffset, byteLength);
  return pieces(5, [
    ...shape.map((size) => integer(1, size)),
    integer(2, type),
    text(8, name),
    ...pieces(9, [raw]),
  ]);
}

/**
 * A whole file.
 *
 * @param caller the function that was called
 * @param graph name, ports, encoded nodes and constants
 * @returns the file's bytes
 * @throws RangeError for more bytes than the format can hold
 */
export function modelBytes(
  caller: string,
  graph: {
    readonly name: string;
    readonly inputs: readonly Port[];
    readonly outputs: readonly Port[];
    readonly nodes: readonly Uint8Array[];
    readonly constants: readonly Uint8Array[];
  },
): Uint8Array {
  const parts = [
    integer(1, VERSION.format),
    text(2, 'twocan'),
    ...pieces(7, [
      ...graph.nodes,
      text(2, graph.name),
      ...graph.constants,
      ...graph.inputs.map((port) => portBytes(11, port)),
      ...graph.outputs.map((port) => portBytes(12, port)),
    ]),
    message(8, [text(1, ''), integer(2, VERSION.operators)]),
  ];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size <= LARGEST) return concat(parts);
  throw new RangeError(
    `${caller}: an ONNX file must be below 2 GiB, got ${(size / 2 ** 30).toFixed(1)} GiB; ask for a smaller dtype`,
  );
}

function portBytes(field: number, { name, shape }: Port): Uint8Array {
  const axes = shape.map((size) =>
    message(1, [typeof size === 'number' ? integer(1, size) : text(2, size)]),
  );
  const tensor = message(1, [integer(1, ELEMENT.float), message(2, axes)]);
  return message(field, [text(1, name), message(2, [tensor])]);
}
