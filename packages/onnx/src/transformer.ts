import type { NamedArray, NamedArrays } from '@twocan/checkpoint';
import type { Graph } from './graph.ts';

/** What the blocks of an encoder or decoder have alike. */
export type BlockShape = {
  readonly width: number;
  readonly heads: number;
  readonly epsilon: number;
};

/** The parameters by path, the graph that they go into, and the function that was called. */
export type Part = {
  readonly graph: Graph;
  readonly params: NamedArrays;
  readonly caller: string;
};

/** A parameter by its path; a RangeError where there is none. */
export function parameter({ params, caller }: Part, path: string): NamedArray {
  const array = params[path];
  if (array?.dtype === 'F32') return array;
  const got = array === undefined ? 'nothing' : array.dtype;
  throw new RangeError(`${caller}: params must have '${path}' as F32, got ${got}`);
}

/** x·kernel + bias. */
export function dense(part: Part, path: string, x: string): string {
  const { graph } = part;
  const kernel = `${path}/kernel`;
  const product = graph.op('MatMul', [x, graph.kernel(kernel, parameter(part, kernel), 1)]);
  const bias = `${path}/bias`;
  return graph.op('Add', [product, graph.array(bias, parameter(part, bias))]);
}

/** Layer normalisation of the last axis. */
export function layerNorm(part: Part, path: string, x: string, epsilon: number): string {
  const [scale, bias] = ['scale', 'bias'].map((name) =>
    part.graph.array(`${path}/${name}`, parameter(part, `${path}/${name}`)),
  ) as [string, string];
  return part.graph.op('LayerNormalization', [x, scale, bias], { epsilon: { float: epsilon } });
}

/** Tokens `[B, N, D]` through a pre-norm transformer block. */
export function block(part: Part, path: string, shape: BlockShape, x: string): string {
  const { graph } = part;
  const normal = layerNorm(part, `${path}/norm1`, x, shape.epsilon);
  const y = graph.op('Add', [x, attention(part, `${path}/attention`, shape, normal)]);
  const hidden = dense(
    part,
    `${path}/mlp/hidden`,
    layerNorm(part, `${path}/norm2`, y, shape.epsilon),
  );
  return graph.op('Add', [y, dense(part, `${path}/mlp/out`, gelu(graph, hidden))]);
}

/** softmax(q·kᵀ/√(D/H))·v, head by head. */
function attention(part: Part, path: string, { width, heads }: BlockShape, x: string): string {
  const { graph } = part;
  const ofHead = graph.integers([0, 0, heads, width / heads]);
  const [q, k, v] = graph.split(dense(part, `${path}/qkv`, x), 3, 2).map((packed, i) =>
    graph.op('Transpose', [graph.op('Reshape', [packed, ofHead])], {
      perm: i === 1 ? [0, 2, 3, 1] : [0, 2, 1, 3],
    }),
  ) as [string, string, string];
  const scale = graph.number(1 / Math.sqrt(width / heads));
  const scores = graph.op('Mul', [graph.op('MatMul', [q, k]), scale]);
  const mixed = graph.op('MatMul', [graph.op('Softmax', [scores], { axis: 3 }), v]);
  const tokens = graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] });
  return dense(part, `${path}/out`, graph.op('Reshape', [tokens, graph.integers([0, 0, width])]));
}

/** x·½(1 + erf(x/√2)) */
function gelu(graph: Graph, x: string): string {
  const scaled = graph.op('Mul', [x, graph.number(Math.SQRT1_2)]);
  const one = graph.op('Add', [graph.op('Erf', [scaled]), graph.number(1)]);
  return graph.op('Mul', [graph.op('Mul', [x, one]), graph.number(0.5)]);
}
