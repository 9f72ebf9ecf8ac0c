import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { expectParams, namedLeaves, type Params, treeFromNamed } from '@twocan/core';
import { type DType, expectNamedArrays, type NamedArray, type NamedArrays } from './dtype.ts';
import { floats } from './half.ts';

const DTYPES: Readonly<Record<string, DType>> = { float32: 'F32', int32: 'I32', bool: 'BOOL' };

/**
 * Reads a tree of tensors into named arrays.
 *
 * @param tree any tree of float32, int32 or bool tensors
 * @returns arrays by path, such as `encoder/blocks/0/norm1/scale`, in the order of the tree
 * @throws RangeError for another type of tensor, or for two tensors of one path (`{ 'a/b': x, a: { b: y } }`)
 * @example
 * const bytes = encodeSafetensors(await treeToNamed(params));
 */
export async function treeToNamed(tree: Params): Promise<NamedArrays> {
  expectParams('treeToNamed', 'tree', tree);
  const leaves = namedLeaves<Tensor>(tree);
  const taken = new Set<string>();
  for (const [path] of leaves) {
    if (taken.has(path)) {
      throw new RangeError(
        `treeToNamed: tree must have one tensor at each path, got two at '${path}'`,
      );
    }
    taken.add(path);
  }
  const read = leaves.map(async ([path, leaf]): Promise<[string, NamedArray]> => {
    const dtype = DTYPES[leaf.dtype];
    if (dtype === undefined) {
      throw new RangeError(
        `treeToNamed: '${path}' must be float32, int32 or bool, got ${leaf.dtype}`,
      );
    }
    return [path, { dtype, shape: leaf.shape, data: await leaf.data() }];
  });
  return Object.fromEntries(await Promise.all(read));
}

/**
 * Builds a tree of tensors from named arrays.
 *
 * F64, F16 and BF16 become float32. A node whose names are `0 … n-1` becomes an array. Empty nodes
 * have no name; whole run states go through `encodeCheckpoint`, which keeps them.
 *
 * @param named arrays by path
 * @returns fresh tensors on the current backend
 * @throws RangeError for an integer type that tensors cannot hold, or clashing names
 * @example
 * const params = namedToTree(decodeSafetensors(bytes).tensors);
 */
export function namedToTree(named: NamedArrays): Params {
  expectNamedArrays('namedToTree', 'named', named);
  // Checked before the first tensor is made, so that an error leaves none behind.
  const ready = Object.entries(named).map(([path, array]) => [path, convert(path, array)] as const);
  treeFromNamed(Object.fromEntries(ready.map(([path]) => [path, 0])));
  return treeFromNamed(
    Object.fromEntries(
      ready.map(([path, { data, shape, type }]) => [path, tensor(data, shape, type)]),
    ),
  );
}

type Ready = {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: number[];
  readonly type: 'float32' | 'int32' | 'bool';
};

/** Copies: the file's memory is not the tensor's, or writing one would change the other. */
export function convert(path: string, { dtype, shape: sizes, data }: NamedArray): Ready {
  const shape = [...sizes];
  const numbers = floats({ dtype, shape, data });
  if (numbers !== undefined) return { data: numbers, shape, type: 'float32' };
  if (dtype === 'BOOL' && data instanceof Uint8Array) {
    return { data: new Uint8Array(data), shape, type: 'bool' };
  }
  const wide = dtype === 'U32' || dtype === 'I64' || dtype === 'U64';
  if (wide || data instanceof BigInt64Array || data instanceof BigUint64Array) {
    throw new RangeError(`namedToTree: '${path}' is ${dtype}, which no tensor holds; leave it out`);
  }
  return { data: new Int32Array(data), shape, type: 'int32' };
}
