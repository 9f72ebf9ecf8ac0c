import type { NamedArrays } from '../dtype.ts';
import type { Rename } from '../layout.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';
import { fail, someOf } from './fail.ts';

/** Encoder and decoder of a model. */
export type Sizes = { readonly encoder: FolderModel; readonly decoder?: FolderDecoder | undefined };

const FLOATS = ['F64', 'F32', 'F16', 'BF16'];

/**
 * Checks that every tensor that is wanted is there, holds floating-point numbers and has the shape that the
 * sizes ask for.
 *
 * @param named tensors by the names of their format
 * @param plan what is wanted
 * @param sizes of the model
 * @throws RangeError that names each tensor that does not fit
 */
export function expectFit(named: NamedArrays, plan: readonly Rename[], sizes: Sizes): void {
  const wanted = plan.flatMap((rename) => {
    const shape = theirShape(rename, sizes);
    return rename.theirs.map((name) => ({ name, shape }));
  });
  const missing = wanted.filter(({ name }) => !Object.hasOwn(named, name));
  if (missing.length > 0) fail(`missing ${someOf(missing.map(({ name }) => name))}`);
  const wrong = wanted.flatMap(({ name, shape }) => {
    const array = named[name];
    if (array === undefined) return [];
    if (!FLOATS.includes(array.dtype)) return [`${name} is ${array.dtype}, not floating point`];
    const [is, must] = [array.shape, shape].map((size) => `[${size.join(', ')}]`);
    return is === must ? [] : [`${name} is ${is} in place of ${must}`];
  });
  if (wrong.length > 0) fail(`tensors do not fit the model: ${someOf(wrong)}`);
}

/** The shape of a parameter of ours. */
export function ourShape(path: string, { encoder, decoder }: Sizes): readonly number[] {
  const part = path.startsWith('decoder/') ? decoder : encoder;
  const { width, mlpRatio } = part ?? encoder;
  const hidden = Math.round(width * mlpRatio);
  const pixels = encoder.patch ** 2 * encoder.channels;
  const kernels: Readonly<Record<string, readonly [number, number]>> = {
    patch: [pixels, width],
    'attention/qkv': [width, 3 * width],
    'attention/out': [width, width],
    'mlp/hidden': [width, hidden],
    'mlp/out': [hidden, width],
    embed: [encoder.width, width],
    head: [width, pixels],
  };
  const name = path.replace(/^(en|de)coder\//, '').replace(/^blocks\/\d+\//, '');
  const kernel = kernels[name.replace(/\/(kernel|bias)$/, '')];
  if (kernel === undefined) return /^(cls|mask)$/.test(name) ? [1, 1, width] : [width];
  return name.endsWith('/bias') ? [kernel[1]] : kernel;
}

/** The shape of each of the tensors that a parameter of ours is made of. */
function theirShape({ ours, theirs, layout }: Rename, sizes: Sizes): readonly number[] {
  const [first = 0, ...rest] = ourShape(ours, sizes);
  const { patch, channels, width } = sizes.encoder;
  if (layout === 'patch') return [width, channels, patch, patch];
  if (layout === 'same') return [first / theirs.length, ...rest];
  const [out = 0] = rest;
  return [out / theirs.length, first];
}
