import { resolveCanConfig } from '@twocan/can';
import { key } from '@twocan/core';
import { type Dataset, shapes } from '@twocan/data';
import {
  type PretrainConfig,
  type PretrainEvent,
  type PretrainOptions,
  pretrainWith,
  resolveConfig,
  type Settings,
} from '@twocan/pretrain';

const SETTINGS = { imageSize: 8, patch: 4, batch: 3, steps: 4, checkpointEvery: 2, seed: 5 };

/** A run that takes a moment on every backend: four patches an image, one block. */
export function smallConfig(settings: Settings = {}): PretrainConfig {
  const config = resolveConfig({ ...SETTINGS, ...settings }, { length: 12 });
  const { encoder, decoder, ...rest } = config.model;
  const model = resolveCanConfig({
    ...rest,
    encoder: { ...encoder, width: 8, depth: 1, heads: 2 },
    decoder: { ...decoder, width: 8, depth: 1, heads: 2 },
    projector: { hidden: 8, out: 4 },
  });
  return { ...config, model };
}

/** Images as a data set draws them. */
export const images = (seed: number, count: number): Dataset =>
  shapes({ key: key(seed), count, size: 8 });

/** What a small run needs. */
export const small = (): PretrainOptions => ({
  dataset: images(1, 12),
  evaluation: { train: images(1, 20), test: images(2, 10) },
});

/** Runs to the end, and gives every event to `see` while it lasts. */
export async function run(
  config: PretrainConfig,
  options: PretrainOptions,
  see: (event: PretrainEvent) => unknown = () => undefined,
): Promise<PretrainEvent[]> {
  const events: PretrainEvent[] = [];
  for await (const event of pretrainWith(config, options)) {
    events.push(event);
    await see(event);
  }
  return events;
}

/** The losses of the steps among some events. */
export const lossesOf = (events: readonly PretrainEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'step' ? [event.metrics.loss ?? Number.NaN] : []));
