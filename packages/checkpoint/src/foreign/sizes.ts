import type { NamedArrays } from '../dtype.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';
import { depthOf } from '../rename.ts';
import { positiveOf, type Settings, sidesOf, wholeOf } from './config-file.ts';
import { fail } from './fail.ts';
import type { FormatNames, PartNames } from './formats.ts';

/** What importers may say themselves, where no file does. */
export type GivenHeads = {
  /** Heads of the encoder. */
  readonly heads?: number | undefined;
  readonly decoderHeads?: number | undefined;
};

/** Sizes that were found, and remarks on them. */
export type Found<T> = { readonly sizes: T; readonly notes: readonly string[] };

/**
 * The sizes of an encoder: tensors have most of them, a config.json the rest.
 *
 * @param names of the format
 * @param named tensors by these names
 * @param settings of config.json; timm's `model_args` are among them
 * @param given heads, where no file has them
 * @returns sizes and remarks
 * @throws RangeError where file and tensors do not agree, or a size is nowhere
 */
export function encoderSizes(
  { format, encoder }: FormatNames,
  named: NamedArrays,
  settings: Settings,
  given: GivenHeads,
): Found<FolderModel> & { readonly classRow: boolean } {
  const [kernel, ...others] = encoder.renames(1);
  const [width = 0, channels = 0, patch = 0, across = 0] = shapeOf(named, first(kernel?.theirs), 4);
  if (patch !== across) fail(`patches must be square, got ${patch} x ${across} pixels`);
  const depth = depthOf(Object.keys(named), encoder.blocks);
  if (depth === 0) fail(`there are no blocks: no tensor is called ${encoder.blocks}0…`);
  if (depth > MOST_BLOCKS) fail(`there are ${depth} blocks; ${MOST_BLOCKS} are the most`);
  const perceptron = (layer: string): string =>
    first(others.find(({ ours }) => ours === `encoder/blocks/0/mlp/${layer}/kernel`)?.theirs);
  const [mlp = 0] = shapeOf(named, perceptron('hidden'), 2);
  const [, into] = shapeOf(named, perceptron('out'), 2);
  if (into === mlp / 2) {
    fail(
      `the model has a gated perceptron (SwiGLU), which is not supported: ${perceptron('hidden')} is twice as wide as what ${perceptron('out')} takes`,
    );
  }
  agree(settings, width, 'hidden_size', 'embed_dim');
  agree(settings, depth, 'num_hidden_layers', 'depth');
  agree(settings, patch, 'patch_size');
  agree(settings, channels, 'num_channels', 'in_chans');
  agree(settings, mlp, 'intermediate_size');
  const { image, classRow } = imageOf(encoder, named, settings, { width, patch });
  const told = wholeOf(settings, 'num_attention_heads', 'num_heads') ?? given.heads;
  const heads = told ?? usualHeads(width);
  if (heads === undefined || width % heads !== 0) {
    return fail(
      heads === undefined
        ? `the number of heads is in no file, and is not known for a width of ${width}; write {"num_heads": N} as config.json beside the weights`
        : `the width of ${width} does not divide into ${heads} heads`,
    );
  }
  const epsilon = epsilonOf(settings) ?? (format === 'transformers' ? 1e-12 : 1e-6);
  const sizes = { image, channels, patch, width, depth, heads, mlpRatio: mlp / width, epsilon };
  const notes = told === undefined ? [`${heads} heads: usual for a width of ${width}`] : [];
  return { sizes, notes, classRow };
}

/**
 * The sizes of a decoder.
 *
 * @returns sizes; nothing where its heads are not known
 * @throws as {@link encoderSizes}
 */
export function decoderSizes(
  decoder: PartNames,
  named: NamedArrays,
  settings: Settings,
  given: GivenHeads,
): FolderDecoder | undefined {
  const plan = decoder.renames(1);
  const theirs = (ours: string) => first(plan.find((rename) => rename.ours === ours)?.theirs);
  const [width = 0] = shapeOf(named, theirs('decoder/embed/kernel'), 2);
  const depth = depthOf(Object.keys(named), decoder.blocks);
  if (depth === 0 || depth > MOST_BLOCKS) fail(`the decoder has ${depth} blocks`);
  const [mlp = 0] = shapeOf(named, theirs('decoder/blocks/0/mlp/hidden/kernel'), 2);
  agree(settings, width, 'decoder_hidden_size', 'decoder_embed_dim');
  agree(settings, depth, 'decoder_num_hidden_layers', 'decoder_depth');
  const told = wholeOf(settings, 'decoder_num_attention_heads', 'decoder_num_heads');
  const heads = told ?? given.decoderHeads ?? (width === 512 ? 16 : undefined);
  if (heads === undefined) return undefined;
  if (width % heads !== 0) fail(`the decoder's ${width} do not divide into ${heads} heads`);
  return { width, depth, heads, mlpRatio: mlp / width };
}

const MOST_BLOCKS = 4096;

const first = (names: readonly string[] | undefined): string => names?.[0] ?? '';

/** 64 numbers a head, but for the largest models. */
const usualHeads = (width: number): number | undefined => {
  if ([1152, 1280, 1408, 1664].includes(width)) return 16;
  return width % 64 === 0 && width <= 1024 ? width / 64 : undefined;
};

/** The epsilon of the norms; timm's is fixed. */
const epsilonOf = (settings: Settings): number | undefined =>
  positiveOf(settings, 'layer_norm_eps');

/** The shape of a tensor of that many axes. */
export function shapeOf(named: NamedArrays, name: string, rank: number): readonly number[] {
  const array = Object.hasOwn(named, name) ? named[name] : undefined;
  if (array === undefined) return fail(`missing ${name}`);
  const fits = array.shape.length === rank && array.shape.every((size) => size > 0);
  return fits
    ? array.shape
    : fail(`${name} must have ${rank} axes, got the shape [${array.shape.join(', ')}]`);
}

function agree(settings: Settings, size: number, ...names: readonly string[]): void {
  const told = wholeOf(settings, ...names);
  if (told === undefined || told === size) return;
  fail(
    `config.json says ${names.find((name) => settings[name])} ${told}, the tensors have ${size}`,
  );
}

/** The image size: told, or else that of a square grid. */
function imageOf(
  { positions }: PartNames,
  named: NamedArrays,
  settings: Settings,
  { width, patch }: { readonly width: number; readonly patch: number },
): { readonly image: FolderModel['image']; readonly classRow: boolean } {
  if (!Object.hasOwn(named, positions)) {
    fail(
      `missing ${positions}: a model without a table of positions, as one with rotary positions, is not supported`,
    );
  }
  const [, rows = 0, columns = 0] = shapeOf(named, positions, 3);
  if (columns !== width) fail(`${positions} must have rows of ${width} numbers, got ${columns}`);
  const told = sidesOf(settings, 'image_size', 'img_size');
  if (told === undefined) {
    const side = Math.sqrt(rows - 1);
    const bare = Math.sqrt(rows);
    const grid = [side, bare].find((x) => x >= 1 && Number.isInteger(x));
    if (grid === undefined) {
      return fail(
        `${positions} has ${rows} rows, which is no square grid of patches; write the image size as {"img_size": [HEIGHT, WIDTH]} into config.json`,
      );
    }
    const pixels = grid * patch;
    return { image: { height: pixels, width: pixels }, classRow: grid === side };
  }
  const count = Math.floor(told.height / patch) * Math.floor(told.width / patch);
  const divides = told.height % patch === 0 && told.width % patch === 0;
  if (divides && (rows === count + 1 || rows === count)) {
    return { image: told, classRow: rows === count + 1 };
  }
  return fail(
    `${positions} has ${rows} rows, but images of ${told.width} x ${told.height} pixels have ${count} patches of ${patch} and a class token`,
  );
}
