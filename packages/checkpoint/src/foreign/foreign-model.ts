import type { NamedArray, NamedArrays } from '../dtype.ts';
import { float32, type Rename } from '../layout.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';
import { imported } from '../rename.ts';
import { architectureOf } from './architecture.ts';
import type { Settings } from './config-file.ts';
import { embeddedMask } from './embedded-mask.ts';
import { fail, leftOut } from './fail.ts';
import { fillIn } from './fill-in.ts';
import { expectFit, type Sizes } from './fit.ts';
import type { FormatNames, PartNames } from './formats.ts';
import { recognise } from './recognise.ts';
import { decoderSizes, encoderSizes, shapeOf } from './sizes.ts';
import type { ImportOptions, Read } from './weights.ts';

/**
 * Weights of another program under our paths.
 *
 * @param given tensors by the names of the file
 * @param config of config.json
 * @param options heads where no file has them
 * @returns parameters, sizes and tables of positions
 * @throws RangeError for another architecture, or tensors that do not fit
 */
export function foreignModel(given: NamedArrays, config: Settings, options: ImportOptions): Read {
  const { names, named } = recognise(given);
  const settings = architectureOf(config);
  const { sizes: encoder, notes, classRow } = encoderSizes(names, named, settings, options);
  const hasDecoder = names.decoder !== undefined && Object.hasOwn(named, names.decoder.token);
  const decoder =
    hasDecoder && names.decoder ? decoderSizes(names.decoder, named, settings, options) : undefined;
  const filled = fillIn(named, names, encoder, options);
  const plan = planOf(names, { encoder, decoder });
  const sizes = { encoder, ...(decoder && { decoder }) };
  const { params, ignored } = fitted(filled.named, plan, sizes, names);
  const { token, positions } = names.encoder;
  const rows = float32('importWeights', positions, named[positions] as NamedArray).data;
  const left = ignored.filter((name) => name !== positions && name !== names.decoder?.positions);
  return {
    format: names.format,
    encoder,
    ...(decoder && { decoder }),
    params: classRow && Object.hasOwn(named, token) ? addRow(params, rows) : params,
    tables: {
      encoder: classRow ? rows.slice(encoder.width) : rows,
      ...(decoder && { decoder: decoderTable(names.decoder, named, encoder, decoder) }),
    },
    notes: [
      ...notes,
      ...filled.notes,
      ...(hasDecoder && decoder === undefined
        ? ['the decoder is left out: no file says how many heads it has']
        : []),
      ...leftOut(left),
    ],
  };
}

/** All parameters that are wanted. */
function planOf(
  { encoder, decoder, projector = [] }: FormatNames,
  sizes: Sizes,
): { readonly model: readonly Rename[]; readonly projector: readonly Rename[] } {
  return {
    model: [
      ...encoder.renames(sizes.encoder.depth),
      ...(sizes.decoder && decoder ? decoder.renames(sizes.decoder.depth) : []),
    ],
    projector,
  };
}

function fitted(
  named: NamedArrays,
  { model, projector }: ReturnType<typeof planOf>,
  sizes: Sizes,
  { format, decoder }: FormatNames,
): ReturnType<typeof imported> {
  // There the mask token is as wide as the encoder, and goes through the decoder's projection.
  const wide = format === 'can' && sizes.decoder ? decoder?.token : undefined;
  const [others, masks] = [false, true].map((is) =>
    model.filter(({ theirs }) => theirs.includes(wide ?? '') === is),
  );
  expectFit(named, others ?? [], sizes);
  if (wide !== undefined) shapeOf(named, wide, 3);
  const head = expectProjector(named, projector, sizes.encoder.width);
  const { params, ignored } = imported('importWeights', named, [
    ...(others ?? []),
    ...(masks ?? []),
    ...head,
  ]);
  return { params: wide === undefined ? params : embeddedMask(params), ignored };
}

/** The head of a contrastive loss is taken over where it is one. */
function expectProjector(
  named: NamedArrays,
  projector: readonly Rename[],
  width: number,
): readonly Rename[] {
  let into = width;
  for (const { theirs, layout } of projector) {
    const [name = ''] = theirs;
    const [out = 0, from] = shapeOf(named, name, layout === 'dense' ? 2 : 1);
    if (from !== undefined && from !== into) fail(`${name} must take ${into} numbers, got ${from}`);
    if (layout === 'same' && out !== into) fail(`${name} must have ${into} numbers, got ${out}`);
    into = out;
  }
  return projector;
}

/** The class token with its own row of the positions. */
function addRow(params: NamedArrays, rows: Float32Array): NamedArrays {
  const path = 'encoder/cls';
  const token = float32('importWeights', path, params[path] as NamedArray);
  const data = token.data.map((x, i) => x + (rows[i] ?? 0));
  return { ...params, [path]: { ...token, data } };
}

function decoderTable(
  names: PartNames | undefined,
  named: NamedArrays,
  { image, patch }: FolderModel,
  { width }: FolderDecoder,
): Float32Array {
  const name = names?.positions ?? '';
  const count = (image.height / patch) * (image.width / patch);
  const [one, rows, columns] = shapeOf(named, name, 3);
  if (one !== 1 || rows !== count + 1 || columns !== width) {
    fail(`${name} must be [1, ${count + 1}, ${width}], got [${[one, rows, columns].join(', ')}]`);
  }
  return float32('importWeights', name, named[name] as NamedArray).data;
}
