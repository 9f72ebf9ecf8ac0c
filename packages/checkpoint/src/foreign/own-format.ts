import type { NamedArrays } from '../dtype.ts';
import { float32 } from '../layout.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';
import { LEARNED } from '../positions.ts';
import { imported } from '../rename.ts';
import { timmEncoder } from '../timm.ts';
import { partOf, positiveOf, type Settings, sidesOf, wholeOf } from './config-file.ts';
import { fail, leftOut } from './fail.ts';
import { expectFit } from './fit.ts';
import { MAE_DECODER } from './formats.ts';
import type { Read } from './weights.ts';

/** The tag in the config.json of weights that are exported by our own names. */
export const WEIGHTS_FORMAT = 'twocan/weights';

export const isOwnFormat = ({ format }: Settings): boolean => format === WEIGHTS_FORMAT;

/**
 * Weights by our own paths, and their sizes.
 *
 * @param named tensors
 * @param config of config.json
 * @returns parameters of encoder and decoder
 * @throws RangeError for sizes that are no sizes, or tensors that do not fit
 */
export function ownWeights(named: NamedArrays, config: Settings): Read {
  const encoder = sizesOf(partOf(config, 'encoder'));
  const hasDecoder = config.decoder !== undefined && config.decoder !== null;
  const decoder = hasDecoder ? transformerOf(partOf(config, 'decoder'), 'decoder') : undefined;
  const plan = [
    ...timmEncoder(encoder.depth),
    ...(decoder ? MAE_DECODER.renames(decoder.depth) : []),
  ].map(({ ours }) => ({ ours, theirs: [ours], layout: 'same' as const }));
  expectFit(named, plan, { encoder, decoder });
  const { params, ignored } = imported('importWeights', named, plan);
  const { height, width } = encoder.image;
  const count = (height * width) / encoder.patch ** 2;
  const tables = {
    encoder: tableOf(named, LEARNED.encoder, [1, count, encoder.width]),
    decoder: decoder && tableOf(named, LEARNED.decoder, [1, count + 1, decoder.width]),
  };
  const left = ignored.filter((name) => !Object.values<string>(LEARNED).includes(name));
  return {
    format: 'twocan',
    encoder,
    ...(decoder && { decoder }),
    params,
    tables,
    notes: leftOut(left),
  };
}

/** Learned positions; nothing where they are the fixed ones. */
function tableOf(
  named: NamedArrays,
  name: string,
  shape: readonly number[],
): Float32Array | undefined {
  const table = Object.hasOwn(named, name) ? named[name] : undefined;
  if (table === undefined) return undefined;
  const [is, must] = [table.shape, shape].map((size) => `[${size.join(', ')}]`);
  if (is !== must) fail(`${name} must be ${must}, got ${is}`);
  return float32('importWeights', name, table).data;
}

function transformerOf(settings: Settings, part: string): FolderDecoder {
  const need = (name: string, value: number | undefined): number =>
    value ?? fail(`config.json must have ${part}.${name}`);
  const size = (name: string): number => need(name, wholeOf(settings, name));
  const [width, heads] = [size('width'), size('heads')];
  if (width % heads !== 0) fail(`${part}.width ${width} does not divide into ${heads} heads`);
  const mlpRatio = need('mlpRatio', positiveOf(settings, 'mlpRatio'));
  return { width, depth: size('depth'), heads, mlpRatio };
}

function sizesOf(settings: Settings): FolderModel {
  const whole = (name: string): number =>
    wholeOf(settings, name) ?? fail(`config.json must have encoder.${name}`);
  const { height, width } = partOf(settings, 'image');
  const image = height && width ? sidesOf({ image: [height, width] }, 'image') : undefined;
  const epsilon = positiveOf(settings, 'epsilon');
  if (image === undefined || epsilon === undefined) {
    return fail('config.json must have encoder.image and encoder.epsilon');
  }
  const patch = whole('patch');
  if (image.height % patch !== 0 || image.width % patch !== 0) {
    fail(`encoder.patch ${patch} does not divide ${image.width} x ${image.height} pixels`);
  }
  return {
    image,
    channels: whole('channels'),
    patch,
    ...transformerOf(settings, 'encoder'),
    epsilon,
  };
}
