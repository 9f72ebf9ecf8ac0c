import {
  expectEpsilon,
  expectInteger,
  expectNumber,
  expectOptions,
  expectType,
  refuse,
} from '@twocan/core';
import { type FolderImages, RESAMPLE } from '../foreign/images.ts';
import type { FolderDecoder, FolderModel } from '../model.ts';

const BLOCKS = ['width', 'depth', 'heads', 'mlpRatio'] as const;

/** Checks the sizes of an encoder; a wider object may be given. */
export function expectFolderModel(caller: string, model: FolderModel): void {
  const names = ['image', 'channels', 'patch', ...BLOCKS, 'epsilon'];
  expectOptions(caller, 'model', model, names);
  expectImage(caller, model);
  expectInteger(caller, 'model.channels', model.channels);
  expectInteger(caller, 'model.patch', model.patch);
  expectBlocks(caller, 'model', model);
  expectEpsilon(caller, model.epsilon);
}

/** Checks the sizes of its images. */
export function expectImage(caller: string, model: Pick<FolderModel, 'image'>): void {
  expectOptions(caller, 'model', model, ['image']);
  expectOptions(caller, 'model.image', model.image, ['height', 'width']);
  expectInteger(caller, 'model.image.height', model.image.height);
  expectInteger(caller, 'model.image.width', model.image.width);
}

/** Checks the sizes of a decoder. */
export function expectFolderDecoder(caller: string, decoder: FolderDecoder): void {
  expectOptions(caller, 'decoder', decoder, BLOCKS);
  expectBlocks(caller, 'decoder', decoder);
}

function expectBlocks(caller: string, argument: string, blocks: FolderDecoder): void {
  for (const name of ['width', 'depth', 'heads'] as const) {
    expectInteger(caller, `${argument}.${name}`, blocks[name]);
  }
  const { width, mlpRatio } = blocks;
  const fits = (x: number): boolean => x > 0 && x < Infinity;
  expectNumber(caller, `${argument}.mlpRatio`, mlpRatio, 'be positive and finite', fits);
  expectInteger(caller, `${argument}.width times mlpRatio`, Math.round(width * mlpRatio));
}

/** Checks how images become numbers; `channels` where they are known. */
export function expectImages(caller: string, images: FolderImages, channels?: number): void {
  expectOptions(caller, 'images', images, ['mean', 'std', 'interpolation']);
  const { mean, std, interpolation } = images;
  expectChannels(caller, 'mean', mean, channels);
  expectChannels(caller, 'std', std, channels ?? mean.length);
  for (const x of std) {
    expectNumber(caller, 'images.std', x, 'hold positive numbers', (one) => one > 0);
  }
  expectOneOf(caller, 'images.interpolation', interpolation, Object.keys(RESAMPLE));
}

function expectChannels(
  caller: string,
  name: string,
  values: readonly number[],
  count: number | undefined,
): void {
  expectType(caller, `images.${name}`, values, Array);
  for (const x of values) {
    expectNumber(caller, `images.${name}`, x, 'hold finite numbers', Number.isFinite);
  }
  if (count === undefined || values.length === count) return;
  refuse(caller, `images.${name}`, `have a number for each of ${count} channels`, values);
}

/** Checks a word of which there are a few. */
export function expectOneOf(
  caller: string,
  argument: string,
  value: unknown,
  known: readonly string[],
): void {
  if ((known as readonly unknown[]).includes(value)) return;
  refuse(caller, argument, `be one of ${known.join(', ')}`, value);
}
