import { type NamedArray, toHalf } from '@twocan/checkpoint';
import {
  type Attributes,
  constantBytes,
  ELEMENT,
  modelBytes,
  nodeBytes,
  type Port,
} from './model-file.ts';
import { int8Weights, type WeightType } from './weights.ts';

/** A graph that is being written: each function adds to it and returns the name of what it added. */
export type Graph = {
  /** One node with one output. */
  readonly op: (type: string, inputs: readonly string[], attributes?: Attributes) => string;
  /** One node with several outputs. */
  readonly split: (input: string, count: number, axis: number) => string[];
  /** A constant list of integers, or one integer. */
  readonly integers: (values: readonly number[] | number) => string;
  /** A constant number. */
  readonly number: (value: number) => string;
  /** A constant array as it is. */
  readonly array: (name: string, array: NamedArray) => string;
  /** A kernel, stored as the graph stores them; `axis` is that of its outputs. */
  readonly kernel: (name: string, array: NamedArray, axis: number) => string;
  /** Gives a value the name of an output. */
  readonly output: (value: string, port: Port) => void;
  /** The whole file. */
  readonly encode: (name: string, inputs: readonly Port[]) => Uint8Array;
};

/**
 * Begins a graph.
 *
 * @param caller what errors are of
 * @param type how kernels are stored
 * @returns functions that add to it
 */
export function beginGraph(caller: string, type: WeightType): Graph {
  const nodes: Uint8Array[] = [];
  const constants: Uint8Array[] = [];
  const outputs: Port[] = [];
  const known = new Set<string>();
  let count = 0;
  const next = (kind: string): string => `${kind}_${count++}`;
  const once = (name: string, make: () => readonly Uint8Array[]): string => {
    if (!known.has(name)) {
      known.add(name);
      for (const part of make()) constants.push(part);
    }
    return name;
  };
  const op: Graph['op'] = (kind, inputs, attributes) => {
    const name = next(kind);
    nodes.push(nodeBytes(kind, inputs, [name], attributes));
    return name;
  };
  const array: Graph['array'] = (name, { shape, data }) =>
    once(name, () => constantBytes(name, ELEMENT.float, shape, data));
  return {
    op,
    array,
    split: (input, parts, axis) => {
      const names = Array.from({ length: parts }, () => next('Split'));
      nodes.push(nodeBytes('Split', [input], names, { axis }));
      return names;
    },
    integers: (values) => {
      const [shape, list] = typeof values === 'number' ? [[], [values]] : [[values.length], values];
      const name = `${shape.length === 0 ? 'integer' : 'integers'}_${list.join('_')}`;
      const data = BigInt64Array.from(list, BigInt);
      return once(name, () => constantBytes(name, ELEMENT.int64, shape, data));
    },
    number: (value) => {
      const name = `number_${value}`;
      return once(name, () => constantBytes(name, ELEMENT.float, [], Float32Array.of(value)));
    },
    kernel: (name, kernel, axis) => {
      if (type === 'fp32') return array(name, kernel);
      const stored = `${name}/${type}`;
      if (type === 'fp16') {
        const { [name]: half = kernel } = toHalf({ [name]: kernel });
        once(stored, () => constantBytes(stored, ELEMENT.float16, half.shape, half.data));
        return op('Cast', [stored], { to: ELEMENT.float });
      }
      const { data, scales } = int8Weights(kernel, axis);
      once(stored, () => constantBytes(stored, ELEMENT.int8, kernel.shape, data));
      // Not DequantizeLinear: ONNX Runtime fuses it with the product and rounds the tokens as well.
      const shape = kernel.shape.map((size, i) => (i === axis ? size : 1));
      const scale = array(`${name}/scale`, { dtype: 'F32', shape, data: scales });
      return op('Mul', [op('Cast', [stored], { to: ELEMENT.float }), scale]);
    },
    output: (value, port) => {
      nodes.push(nodeBytes('Identity', [value], [port.name]));
      outputs.push(port);
    },
    encode: (name, inputs) => modelBytes(caller, { name, inputs, outputs, nodes, constants }),
  };
}
