import { readdirSync, statSync } from 'node:fs';
import { type Tensor, tensor3d } from '@tensorflow/tfjs-core';
import { type CanParams, resolveCanConfig } from '@twocan/can';
import {
  CHECKPOINT_FORMAT,
  type ImportedWeights,
  importWeights,
  namedToTree,
} from '@twocan/checkpoint';
import { fileMetadata, filesAt } from '@twocan/checkpoint/node';
import { IMAGENET_MEAN, resolveAugmentation } from '@twocan/data';
import { patchGrid, resamplePositions } from '@twocan/patches';
import { preset, type ViTConfig } from '@twocan/vit';
import type { Machine } from '../args/machine.ts';
import { reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import type { RunConfig } from './config.ts';
import { checkModelPath, openModel } from './open-model.ts';
import { startBackend } from './start-backend.ts';

/** What a command needs to know of a model that is not trained further. */
export type ModelConfig = Pick<
  RunConfig,
  'model' | 'normalization' | 'seed' | 'data' | 'method' | 'augmentation'
>;

/** A model of ours or of another program. */
export type OpenedWeights = {
  readonly config: ModelConfig;
  /** The caller disposes them. */
  readonly params: CanParams;
  readonly step: number;
  /** The file of a checkpoint; a folder or file of another program. */
  readonly path: string;
};

/** How weights are opened. */
export type WeightsRequest = {
  /** What errors call them. */
  readonly named?: string | undefined;
  /** Side of the images in pixels; that of the model by default. */
  readonly imageSize?: number | undefined;
  /** A model without a class token gets one: it is trained. */
  readonly trained?: boolean | undefined;
  /** Whether remarks are printed; they are by default. */
  readonly quiet?: boolean | undefined;
};

/**
 * Opens what `--model` or `--init` names: a run or checkpoint of ours, or weights of another program.
 *
 * @param given the path
 * @param request image size, and what errors call it
 * @returns what the commands need of a model
 * @throws Failure (exit code 2) for what is no model, or one that is not supported
 */
export async function openWeights(
  given: string,
  request: WeightsRequest = {},
): Promise<OpenedWeights> {
  const { named = `--model ${given}`, imageSize } = request;
  checkWeights(given, named);
  if (isForeign(given)) return openForeign(given, named, request);
  const opened = await openModel(given, named, { give: GIVE });
  if (imageSize === undefined) return opened;
  const { model } = opened.config;
  const encoder = ofSize(model.encoder, imageSize, named);
  const params = resized(opened.params, model.encoder, encoder);
  return { ...opened, config: { ...opened.config, model: { ...model, encoder } }, params };
}

/**
 * Refuses a path that can be no model, before anything is started for it.
 *
 * @param given the path
 * @param named what errors call it
 * @throws Failure (exit code 2) where nothing is there, or what is there is of another kind
 */
export function checkWeights(given: string, named = `--model ${given}`): void {
  if (!isForeign(given)) checkModelPath(given, named, GIVE);
}

/**
 * Starts the backend and opens the model that `--model` names, which is looked at first.
 *
 * @param request model and machine
 * @returns the model
 * @throws Failure (exit code 2) for what is no model, or a backend that is missing
 */
export async function startWithWeights(
  request: Machine & { readonly model: string },
): Promise<OpenedWeights> {
  checkWeights(request.model);
  await startBackend(request);
  return openWeights(request.model);
}

const GIVE =
  'give the folder of a run of twocan pretrain, one of its checkpoints, or weights of timm or transformers (safetensors)';

const INDEX = /\.safetensors\.index\.json$/;

/** Whether a path holds weights, but no checkpoint of ours. */
function isForeign(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isFile()) return INDEX.test(path) || isOtherFile(path);
  const names = readdirSync(path);
  return !isRun(names) && names.some((name) => INDEX.test(name) || name.endsWith('.safetensors'));
}

const isRun = (names: readonly string[]): boolean =>
  names.some((name) => name === 'checkpoints' || /^checkpoint-\d+\.safetensors$/.test(name));

/** A safetensors file that we did not write, by its header. */
function isOtherFile(path: string): boolean {
  if (!path.endsWith('.safetensors')) return false;
  try {
    return fileMetadata(path).format !== CHECKPOINT_FORMAT;
  } catch {
    return false;
  }
}

async function openForeign(
  given: string,
  named: string,
  { imageSize, trained, quiet }: WeightsRequest,
): Promise<OpenedWeights> {
  const image = imageSize === undefined ? undefined : { height: imageSize, width: imageSize };
  const read = await importWeights(filesAt(given), {
    image,
    classToken: trained ? 'fresh' : undefined,
  }).catch((error: unknown) => {
    throw usageError(`${named}: ${reasonOf(error)}`, error);
  });
  const { encoder, notes, images } = read;
  const { height, width } = encoder.image;
  if (height !== width || encoder.channels !== IMAGENET_MEAN.length) {
    throw usageError(
      `${named} takes images of ${width} x ${height} pixels and ${encoder.channels} channels; only square ones of 3 are read`,
    );
  }
  const config = configOf(given, read, named);
  if (!quiet) {
    const { depth, heads, patch } = encoder;
    message(
      `${given}: weights in the names of ${NAMES[read.format]}, ${depth} blocks of ${encoder.width}, ${heads} heads, patches of ${patch} at ${width}x${height}, mean ${images.mean.join(',')}, deviation ${images.std.join(',')}, ${images.interpolation}`,
    );
    for (const note of notes) message(`${given}: ${note}`);
  }
  return { config, params: namedToTree(read.params) as CanParams, step: 0, path: given };
}

const NAMES: Readonly<Record<ImportedWeights['format'], string>> = {
  timm: 'timm',
  transformers: 'transformers',
  mae: 'facebookresearch/mae',
  'mae-contrastive': 'shlokk/mae-contrastive',
  can: 'bwconrad/can',
  twocan: 'twocan export',
};

/** As the config of a run that trained nothing: a masked autoencoder, whose decoder may be missing. */
function configOf(
  given: string,
  { encoder, decoder, images }: ImportedWeights,
  named: string,
): ModelConfig {
  try {
    const light = decoder ?? preset('tiny32').decoder;
    return {
      model: resolveCanConfig({ method: 'mae', encoder, decoder: light }),
      normalization: images,
      method: 'mae',
      seed: 0,
      data: given,
      augmentation: resolveAugmentation(encoder.image.width),
    };
  } catch (error) {
    throw usageError(`${named}: ${reasonOf(error)}`, error);
  }
}

/** The encoder at another image size. */
function ofSize(encoder: ViTConfig, size: number, named: string): ViTConfig {
  if (size % encoder.patch === 0) return { ...encoder, image: { height: size, width: size } };
  throw usageError(
    `--image-size must be divisible by the patch of ${named.split(' ')[0]}, ${encoder.patch}, got ${size}`,
  );
}

/** Weights for another grid of patches: fixed positions follow by themselves, learned ones are resampled. */
function resized(params: CanParams, before: ViTConfig, now: ViTConfig): CanParams {
  const [from, to] = [before, now].map(({ image, patch }) => patchGrid({ ...image, patch }));
  if (from === undefined || to === undefined || from.count === to.count) return params;
  const { encoder, decoder } = params;
  const table = (learned: Tensor, rows: number): Tensor => {
    const [, all = 0, width = 0] = learned.shape;
    const values = learned.dataSync<'float32'>();
    learned.dispose();
    const first = values.subarray(0, rows * width);
    const rest = resamplePositions(values.slice(rows * width), {
      from: { rows: from.rows, columns: from.columns },
      to: { rows: to.rows, columns: to.columns },
    });
    const whole = new Float32Array(first.length + rest.length);
    whole.set(first);
    whole.set(rest, first.length);
    return tensor3d(whole, [1, all - from.count + to.count, width]);
  };
  const { positions: ofEncoder } = encoder;
  const ofDecoder = decoder?.positions;
  return {
    ...params,
    encoder: { ...encoder, ...(ofEncoder && { positions: table(ofEncoder, 0) }) },
    ...(decoder && {
      decoder: { ...decoder, ...(ofDecoder && { positions: table(ofDecoder, 1) }) },
    }),
  };
}
