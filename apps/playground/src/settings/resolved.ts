import type { PretrainConfig } from '@twocan/pretrain';
import type { SettingName } from './names.ts';

/** What a setting came to in a run, where it was left open; nothing where the config has no place for it. */
export function resolvedValue(
  name: SettingName,
  config: PretrainConfig,
): number | readonly number[] | undefined {
  const { model, optimizer, batch, steps, checkpointEvery } = config;
  const { encoder, noise, weights, temperature, maskRatio } = model;
  const values: Partial<Record<SettingName, number | readonly number[]>> = {
    maskRatio,
    temperature,
    batch,
    steps,
    checkpointEvery,
    sigmaMax: noise.max,
    weights: Object.values(weights),
    lr: Number(optimizer.learningRate.toPrecision(3)),
    imageSize: encoder.image.width,
    patch: encoder.patch,
  };
  return values[name];
}
