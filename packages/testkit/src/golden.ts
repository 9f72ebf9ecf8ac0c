import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { decodeSafetensors } from '@twocan/checkpoint';

/** Numbers that a referee computed, by name. */
export type Golden = {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly has: (name: string) => boolean;
  readonly shape: (name: string) => readonly number[];
  readonly values: (name: string) => ArrayLike<number>;
  /** A fresh tensor on the current backend; the caller owns it. */
  readonly tensor: (name: string) => Tensor;
};

/**
 * Reads `goldens/<name>.safetensors`.
 *
 * @example
 * const golden = loadGolden('vit-block');
 * expectClose(y, golden.values('y'));
 */
export function loadGolden(name: string): Golden {
  const url = new URL(`../../../goldens/${name}.safetensors`, import.meta.url);
  const { tensors, metadata } = decodeSafetensors(new Uint8Array(readFileSync(url)));
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
  };
}
