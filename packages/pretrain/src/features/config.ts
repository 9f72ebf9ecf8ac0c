import { expectInteger, expectOptions } from '@twocan/core';
import type { PretrainConfig } from '../config.ts';

/** What features need to know of a run. */
export type FeatureConfig = Pick<PretrainConfig, 'model' | 'normalization'>;

/** What the pixels of images need to know of it. */
export type PixelConfig = Pick<PretrainConfig, 'normalization'> & {
  readonly model: Pick<PretrainConfig['model'], 'encoder'>;
};

/** The side of the largest images whose pixels are compared: at 224 those of thousands fill the memory. */
const LARGEST = 32;

/** The same with images of at most 32 x 32, for baselines of raw pixels. */
export function withSmallImages<C extends PixelConfig>(config: C): C {
  const { model } = config;
  const { height, width } = model.encoder.image;
  const image = { height: Math.min(LARGEST, height), width: Math.min(LARGEST, width) };
  return { ...config, model: { ...model, encoder: { ...model.encoder, image } } };
}

/** Checks what is read of a run's config to turn images into pixels; the method checks its own. */
export function expectPixelConfig(caller: string, config: PixelConfig): void {
  expectOptions(caller, 'config', config, ['model', 'normalization']);
  const { model, normalization } = config;
  expectOptions(caller, 'config.normalization', normalization, ['mean', 'std']);
  expectOptions(caller, 'config.model', model, ['encoder']);
  expectEncoder(caller, 'config.model.encoder', model.encoder);
}

/** Checks the size and the channels of an encoder's images. */
export function expectEncoder(
  caller: string,
  argument: string,
  encoder: PixelConfig['model']['encoder'],
): void {
  expectOptions(caller, argument, encoder, ['image', 'channels']);
  expectInteger(caller, `${argument}.channels`, encoder.channels);
  expectOptions(caller, `${argument}.image`, encoder.image, ['height', 'width']);
  for (const side of ['height', 'width'] as const) {
    expectInteger(caller, `${argument}.image.${side}`, encoder.image[side]);
  }
}
