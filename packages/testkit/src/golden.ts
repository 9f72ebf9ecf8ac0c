import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { decodeSafetensors, namedToTree } from '@twocan/checkpoint';
import { namedLeaves, type Params } from '@twocan/core';
import { expect } from 'vitest';
import { expectClose } from './close.ts';
import { readBytes } from './read-bytes.ts';

/** Numbers that a referee computed, by name. */
export type Golden = {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly has: (name: string) => boolean;
  readonly shape: (name: string) => readonly number[];
  readonly values: (name: string) => ArrayLike<number>;
  /** A fresh tensor on the current backend; the caller owns it. */
  readonly tensor: (name: string) => Tensor;
  /** Fresh tensors of all names under a prefix, as a tree. */
  readonly tree: (prefix: string) => Params;
  /** A config of the metadata. */
  readonly config: <T>(name: string) => T;
};

/**
 * Reads `goldens/<name>.safetensors`, in Node from the disk and in a page from the server of the tests.
 *
 * @example
 * const golden = loadGolden('vit-block');
 * expectClose(y, golden.values('y'));
 */
export function loadGolden(name: string): Golden {
  const url = new URL(`../../../goldens/${name}.safetensors`, import.meta.url);
  const { tensors, metadata } = decodeSafetensors(readBytes(url));
  const find = (tensorName: string) => {
    const found = tensors[tensorName];
    if (found === undefined) {
      throw new Error(`loadGolden: ${name} has no '${tensorName}', only ${Object.keys(tensors)}`);
    }
    return found;
  };
  return {
    names: Object.keys(tensors),
    metadata,
    has: (tensorName) => Object.hasOwn(tensors, tensorName),
    shape: (tensorName) => find(tensorName).shape,
    values: (tensorName) => find(tensorName).data as ArrayLike<number>,
    tensor: (tensorName) => {
      const { data, shape, dtype } = find(tensorName);
      return dtype === 'I32'
        ? tensor(data as Int32Array, [...shape], 'int32')
        : tensor(data as Float32Array, [...shape], 'float32');
    },
    tree: (prefix) => {
      const under = Object.entries(tensors).filter(([path]) => path.startsWith(`${prefix}/`));
      const named = under.map(([path, array]) => [path.slice(prefix.length + 1), array]);
      return namedToTree(Object.fromEntries(named));
    },
    config: (key) => JSON.parse(metadata[key] ?? 'null'),
  };
}

/**
 * Asserts that each leaf of a tree is what a golden holds under a prefix, and that no name is
 * missing on either side.
 *
 * Elements near 0 are rounded like the large ones that they are sums of, so the allowed difference
 * is a share of the largest number of the leaf, or of a hundredth of the tree's where the leaf is
 * less: some gradients are 0 by a symmetry.
 *
 * @param share allowed difference over that number
 * @example
 * expectTreeClose(grads, golden, 'grads', 1e-4);
 */
export function expectTreeClose(
  actual: Params,
  golden: Golden,
  prefix: string,
  share: number,
): void {
  const leaves = namedLeaves<Tensor>(actual).map(
    ([path, leaf]) => [`${prefix}/${path}`, leaf] as const,
  );
  const wanted = golden.names.filter((name) => name.startsWith(`${prefix}/`));
  expect(leaves.map(([name]) => name).toSorted(), `names under ${prefix}`).toEqual(
    wanted.toSorted(),
  );
  const largest = (name: string): number =>
    Array.from(golden.values(name)).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const least = 0.01 * Math.max(...wanted.map(largest));
  for (const [name, leaf] of leaves) {
    expect(leaf.shape, `shape of ${name}`).toEqual(golden.shape(name));
    const atol = share * Math.max(largest(name), least);
    expectClose(leaf, golden.values(name), { rtol: 0, atol }, name);
  }
}
