import { expectInteger, expectOptions, expectType, refuse } from '@twocan/core';
import type { NamedArrays } from '../dtype.ts';
import { fail } from './fail.ts';
import type { WeightFiles } from './files.ts';
import { foreignModel } from './foreign-model.ts';
import { imagesOf } from './images.ts';
import { isOwnFormat, ownWeights } from './own-format.ts';
import { withPositions } from './place-positions.ts';
import { readTensors } from './read-tensors.ts';
import type { ImportedWeights, ImportOptions } from './weights.ts';

/**
 * Reads the weights of another program: a folder of timm (`vit_*`), of transformers (`ViTModel`,
 * `ViTMAEForPreTraining`), a checkpoint of facebookresearch/mae or of a CAN code, in safetensors.
 *
 * Sizes come from config.json and the tensors, the normalisation of pixels from preprocessor_config.json or
 * timm's `pretrained_cfg`. Nothing in the files is trusted, and pickles are never opened.
 *
 * @param files of `filesAt` (Node), {@link filesFromUrl} or {@link filesFromBrowser}
 * @param options the image size that is wanted, and heads where no file has them
 * @returns parameters by our paths, sizes, normalisation and remarks
 * @throws RangeError for damaged files, another architecture, or tensors that do not fit, each by its name
 * @example
 * const { params, encoder, notes } = await importWeights(filesFromUrl('https://example.org/vit/'));
 * const tree = namedToTree(params);
 */
export async function importWeights(
  files: WeightFiles,
  options: ImportOptions = {},
): Promise<ImportedWeights> {
  expectFiles(files);
  expectImportOptions(options);
  const { named, config, preprocessor } = await readTensors(files);
  const read = isOwnFormat(config)
    ? ownWeights(named, config)
    : foreignModel(named, config, options);
  const { images, notes } = imagesOf(config, preprocessor, read.encoder.channels);
  const placed = withPositions(read, options.image);
  const result = { ...placed, images, notes: [...placed.notes, ...notes] };
  expectFinite(result.params);
  return result;
}

function expectFiles(files: WeightFiles): void {
  expectOptions('importWeights', 'files', files, ['place', 'read']);
  const { place, names, file, read } = files;
  expectType('importWeights', 'files.place', place, 'string');
  expectType('importWeights', 'files.read', read, 'function');
  if (names !== undefined) expectType('importWeights', 'files.names', names, Array);
  for (const name of names ?? []) expectType('importWeights', 'files.names', name, 'string');
  if (file !== undefined) expectType('importWeights', 'files.file', file, 'string');
}

function expectImportOptions(options: ImportOptions): void {
  const optional = ['heads', 'decoderHeads', 'image', 'classToken'];
  expectOptions('importWeights', 'options', options, [], optional);
  const { heads, decoderHeads, image, classToken } = options;
  for (const [name, value] of Object.entries({ heads, decoderHeads })) {
    if (value !== undefined) expectInteger('importWeights', name, value);
  }
  if (classToken !== undefined && classToken !== 'fresh') {
    refuse('importWeights', 'classToken', "be 'fresh'", classToken);
  }
  if (image === undefined) return;
  expectOptions('importWeights', 'image', image, ['height', 'width']);
  expectInteger('importWeights', 'image.height', image.height);
  expectInteger('importWeights', 'image.width', image.width);
}

function expectFinite(params: NamedArrays): void {
  for (const [name, { data }] of Object.entries(params)) {
    if (data instanceof Float32Array && data.every(Number.isFinite)) continue;
    fail(`${name} holds NaN or infinity; take an earlier checkpoint`);
  }
}
