import type { NamedArray, NamedArrays } from '../dtype.ts';
import type { FolderModel } from '../model.ts';
import { fail } from './fail.ts';
import type { FormatNames } from './formats.ts';
import type { ImportOptions } from './weights.ts';

/** What some models do without: biases of queries, keys and values, and a class token where one is made. */
export function fillIn(
  named: NamedArrays,
  { encoder }: FormatNames,
  { width, depth }: FolderModel,
  { classToken }: ImportOptions,
): { readonly named: NamedArrays; readonly notes: readonly string[] } {
  const absent = encoder
    .renames(depth)
    .filter(({ ours }) => /attention\/qkv\/bias$/.test(ours))
    .flatMap(({ theirs }) => theirs.map((name) => ({ name, size: (3 * width) / theirs.length })))
    .filter(({ name }) => !Object.hasOwn(named, name));
  const zeros = (...shape: readonly number[]): NamedArray => ({
    dtype: 'F32',
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const biases = absent.map(({ name, size }) => [name, zeros(size)] as const);
  const isBare = !Object.hasOwn(named, encoder.token);
  if (isBare && classToken !== 'fresh') {
    fail(`the model has no class token (${encoder.token}), which the encoder needs`);
  }
  return {
    named: {
      ...named,
      ...Object.fromEntries(biases),
      ...(isBare && { [encoder.token]: zeros(1, 1, width) }),
    },
    notes: [
      ...(biases.length > 0 ? ['queries, keys and values have no bias: it begins at 0'] : []),
      ...(isBare ? ['the model has no class token: it begins at 0, and changes its features'] : []),
    ],
  };
}
