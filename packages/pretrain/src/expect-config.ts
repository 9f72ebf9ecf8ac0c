import { expectInteger, expectNumber, expectOptions, refuse } from '@twocan/core';
import { resolveAugmentation } from '@twocan/data';
import type { PretrainConfig } from './config.ts';
import { expectPixelConfig } from './features/config.ts';

const LEAST = { batch: 1, steps: 1, seed: 0, checkpointEvery: 0 } as const;
const NUMBERS = ['learningRate', 'minLearningRate', 'warmupSteps', 'beta1', 'beta2', 'weightDecay'];

/** Checks that an argument is the whole config of a run; the method and the optimizer know their ranges. */
export function expectPretrainConfig(caller: string, config: PretrainConfig): void {
  expectOptions(caller, 'config', config, [...Object.keys(LEAST), 'optimizer', 'augmentation']);
  expectPixelConfig(caller, config);
  for (const [name, least] of Object.entries(LEAST)) {
    expectInteger(caller, name, config[name as keyof typeof LEAST], least, Number.MAX_SAFE_INTEGER);
  }
  expectOptions(caller, 'optimizer', config.optimizer, NUMBERS);
  for (const name of NUMBERS) {
    const value = config.optimizer[name as 'beta1'];
    expectNumber(caller, name, value, 'be finite', Number.isFinite);
  }
  const { batch, accumulate = 1, microBatch = batch } = config;
  expectInteger(caller, 'accumulate', accumulate);
  expectInteger(caller, 'microBatch', microBatch, 1, batch);
  if (batch % microBatch !== 0) {
    refuse(caller, 'microBatch', `divide the batch of ${batch}`, microBatch);
  }
  if (config.microBatch !== undefined && config.accumulate !== undefined) {
    throw new RangeError(`${caller}: microBatch and accumulate exclude each other; give one`);
  }
  if (config.balance !== undefined && config.balance !== 'gradients') {
    refuse(caller, 'balance', 'be gradients, or left out', config.balance);
  }
  if (config.balance !== undefined && config.microBatch !== undefined) {
    throw new RangeError(`${caller}: balance and microBatch exclude each other; give one`);
  }
  const { shareEvery = 0 } = config;
  expectInteger(caller, 'shareEvery', shareEvery, 0, Number.MAX_SAFE_INTEGER);
  expectOptions(caller, 'augmentation', config.augmentation, []);
  resolveAugmentation(config.model.encoder.image.width, config.augmentation);
}
