import { expectInteger, expectOptions } from '@twocan/core';
import type { PretrainConfig } from '../config.ts';

/** What features need to know of a run. */
export type FeatureConfig = Pick<PretrainConfig, 'model' | 'normalization'>;

/** What the pixels of images need to know of it. */
export type PixelConfig = Pick<PretrainConfig, 'normalization'> & {
  readonly model: Pick<PretrainConfig['model'], 'encoder'>;
};

/** Checks what is read of a run's config to turn images into pixels; the method checks its own. */
export function expectPixelConfig(caller: string, config: PixelConfig): void {
  expectOptions(caller, 'config', config, ['model', 'normalization']);
  const { model, normalization } = config;
  expectOptions(caller, 'config.normalization', normalization, ['mean', 'std']);
  expectOptions(caller, 'config.model', model, ['encoder']);
  const { encoder } = model;
  expectOptions(caller, 'config.model.encoder', encoder, ['image', 'channels']);
  expectInteger(caller, 'config.model.encoder.channels', encoder.channels);
  expectOptions(caller, 'config.model.encoder.image', encoder.image, ['height', 'width']);
  for (const side of ['height', 'width'] as const) {
    expectInteger(caller, `config.model.encoder.image.${side}`, encoder.image[side]);
  }
}
