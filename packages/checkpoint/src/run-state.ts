import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import {
  expectOptions,
  expectParams,
  expectType,
  type Key,
  mapTree,
  namedLeaves,
  type Params,
  type Tree,
} from '@twocan/core';
import type { NamedArrays } from './dtype.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { convert, treeToNamed } from './tensors.ts';

/** The tag in the metadata of every checkpoint. */
export const CHECKPOINT_FORMAT = 'twocan/checkpoint';
/** The version in the metadata of every checkpoint; a change of layout raises it. */
export const CHECKPOINT_VERSION = '1';

/** Values that JSON keeps. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

/** Everything that a run needs to go on: the trainer's state, its key and its configuration. */
export type Checkpoint<P extends Params = Params> = {
  /** How many steps are done. */
  readonly step: number;
  readonly params: P;
  readonly optimizer?: Params;
  /** The moving average of the parameters. */
  readonly ema?: P;
  /** The root key of the run. */
  readonly key?: Key;
  /** The resolved configuration; anything that JSON keeps. */
  readonly config?: Json;
};

/**
 * Writes the state of a run as one safetensors file.
 *
 * Tensors are named `params/…`, `optimizer/…` and `ema/…`; step, key, configuration and the shape
 * of the trees (which may have empty nodes) are in the metadata.
 *
 * @param checkpoint the state; its tensors are borrowed
 * @returns the file's bytes
 * @throws RangeError for a step that is not a whole number ≥ 0, a key with other than 32-bit words, or a
 *   configuration with something in it that JSON does not keep: NaN, infinity, a bigint, a function
 * @example
 * const bytes = await encodeCheckpoint({ step: 100, params, optimizer, key: key(0) });
 */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array> {
  const optional = ['optimizer', 'ema', 'key', 'config'];
  expectOptions('encodeCheckpoint', 'checkpoint', checkpoint, ['step', 'params'], optional);
  const { step, key, config } = checkpoint;
  for (const tree of Object.values(treesOf(checkpoint))) {
    expectParams('encodeCheckpoint', 'checkpoint', tree);
  }
  if (!isStep(step)) {
    throw new RangeError(`encodeCheckpoint: step must be a whole number ≥ 0, got ${step}`);
  }
  if (key !== undefined && !isKey(key)) {
    throw new RangeError('encodeCheckpoint: key must be { hi, lo } of unsigned 32-bit integers');
  }
  const trees = treesOf(checkpoint);
  const shape = mapTree<Tensor, number>(() => 0, trees as Tree<Tensor>);
  return encodeSafetensors(await treeToNamed(trees), {
    format: CHECKPOINT_FORMAT,
    version: CHECKPOINT_VERSION,
    step: String(step),
    trees: JSON.stringify(shape),
    ...(key !== undefined && { key: JSON.stringify({ hi: key.hi, lo: key.lo }) }),
    ...(config !== undefined && { config: textOf(config) }),
  });
}

/**
 * Reads the state of a run: the inverse of {@link encodeCheckpoint}, to the last bit.
 *
 * @param bytes the file
 * @returns the state, with fresh tensors that the caller owns
 * @throws RangeError if the file is malformed, no checkpoint, of an unknown version, or if its
 *   tensors are not those that its metadata announces
 * @example
 * const { step, params, optimizer } = decodeCheckpoint(bytes);
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  expectType('decodeCheckpoint', 'bytes', bytes, Uint8Array);
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, version, step: steps = '' } = metadata;
  if (format !== CHECKPOINT_FORMAT) {
    fail(
      `format must be '${CHECKPOINT_FORMAT}', got '${format}'; weights alone: decodeSafetensors`,
    );
  }
  if (version !== CHECKPOINT_VERSION) {
    fail(`version must be '${CHECKPOINT_VERSION}', got '${version}'; use the twocan that wrote it`);
  }
  const step = /^\d+$/.test(steps) ? Number(steps) : Number.NaN;
  if (!isStep(step)) fail(`step must be a whole number ≥ 0, got '${steps}'`);
  const key = metadata.key === undefined ? undefined : parse('key', metadata.key);
  if (key !== undefined && !isKey(key)) fail('key must be { hi, lo } of unsigned 32-bit integers');
  const config = metadata.config === undefined ? undefined : parse('config', metadata.config);
  const trees = restore(parse('trees', metadata.trees ?? 'null') as Tree<number>, tensors);
  return {
    step,
    ...trees,
    ...(key !== undefined && { key: key as Key }),
    ...(config !== undefined && { config: config as Json }),
  };
}

type Trees = Pick<Checkpoint, 'params' | 'optimizer' | 'ema'>;

const treesOf = ({ params, optimizer, ema }: Checkpoint): { readonly [name: string]: Params } => ({
  params,
  ...(optimizer !== undefined && { optimizer }),
  ...(ema !== undefined && { ema }),
});

function restore(shape: Tree<number>, arrays: NamedArrays): Trees {
  if (typeof shape !== 'object' || shape === null || !Object.hasOwn(shape, 'params')) {
    fail('trees must hold params');
  }
  const leaves = namedLeaves<number>(shape);
  const missing = leaves.filter(([path]) => !Object.hasOwn(arrays, path));
  if (missing.length > 0 || leaves.length !== Object.keys(arrays).length) {
    const what = missing
      .map(([path]) => path)
      .slice(0, 5)
      .join(', ');
    fail(missing.length > 0 ? `tensors are missing: ${what}` : 'there are tensors in no tree');
  }
  // Everything is converted before the first tensor is made, so that an error leaves none behind.
  const ready = new Map(Object.entries(arrays).map(([path, a]) => [path, convert(path, a)]));
  return mapTree<number, Tensor>((_, path) => {
    const leaf = ready.get(path);
    return leaf ? tensor(leaf.data, leaf.shape, leaf.type) : fail(`'${path}' is missing`);
  }, shape) as unknown as Trees;
}

/** JSON writes null for what it has no word for, and a resumed run would read that. */
function textOf(config: Json): string {
  const refuse = (name: string, got: unknown): never => {
    const at = name === '' ? '' : `, got ${String(got)} at '${name}'`;
    throw new RangeError(`encodeCheckpoint: config must be plain JSON${at}`);
  };
  const lost = (value: unknown): boolean =>
    typeof value === 'number' ? !Number.isFinite(value) : LOST.includes(typeof value);
  try {
    return JSON.stringify(config, (name, value) => (lost(value) ? refuse(name, value) : value));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError(
      'encodeCheckpoint: config must be plain JSON, got an object that holds itself',
      {
        cause: error,
      },
    );
  }
}

const LOST = ['bigint', 'function', 'symbol'];

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return fail(`metadata '${name}' must be JSON`);
  }
}

const isStep = (step: number): boolean => Number.isSafeInteger(step) && step >= 0;

const isWord = (word: unknown): boolean =>
  typeof word === 'number' && Number.isInteger(word) && word >= 0 && word < 2 ** 32;

const isKey = (key: unknown): key is Key =>
  typeof key === 'object' &&
  key !== null &&
  'hi' in key &&
  isWord(key.hi) &&
  'lo' in key &&
  isWord(key.lo);

function fail(rule: string): never {
  throw new RangeError(`decodeCheckpoint: ${rule}`);
}
