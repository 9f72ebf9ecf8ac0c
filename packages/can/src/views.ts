import type { Tensor4D } from '@tensorflow/tfjs-core';
import { expectOptions, expectShape, expectType, refuse } from '@twocan/core';
import type { CanConfig } from './config.ts';
import type { Draws } from './draws.ts';
import type { CanBatch } from './params.ts';

/** Checks number and shape of the views. */
export function expectBatch(caller: string, config: CanConfig, batch: CanBatch): void {
  expectOptions(caller, 'batch', batch, ['views']);
  expectType(caller, 'batch.views', batch.views, Array);
  const { views } = batch;
  if (views.length !== config.views) {
    throw new RangeError(
      `${caller}: batch.views must hold ${config.views} tensor(s), got ${views.length}; ` +
        'set views in the config or change the loader',
    );
  }
  const { image, channels } = config.encoder;
  const count = views[0]?.shape?.[0] ?? null;
  for (const [v, images] of views.entries()) {
    const shape = [count, image.height, image.width, channels];
    expectShape(caller, `batch.views[${v}]`, images, shape);
  }
}

/** Checks that draws fit the stacked images of a batch. */
export function expectDrawsOf(caller: string, draws: Draws, images: Tensor4D): void {
  expectOptions(caller, 'draws', draws, [], ['mask', 'levels', 'noise']);
  const { mask, levels, noise } = draws;
  if (mask !== undefined) expectOptions(caller, 'draws.mask', mask, ['keep', 'restore']);
  if (noise !== undefined) expectShape(caller, 'draws.noise', noise, images.shape);
  if (levels === undefined) return;
  expectType(caller, 'draws.levels', levels, Float32Array);
  const count = images.shape[0];
  if (levels.length !== count) refuse(caller, 'draws.levels', `hold ${count} levels`, levels);
}
