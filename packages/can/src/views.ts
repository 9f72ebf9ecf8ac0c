import {
  expectCommunicator,
  expectKey,
  expectOptions,
  expectShape,
  expectType,
  type LossContext,
} from '@twocan/core';
import type { CanConfig } from './config.ts';
import { expectCanParams } from './expect.ts';
import type { CanBatch, CanParams } from './params.ts';

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

/** Checks the arguments of a loss as a trainer calls it. */
export function expectCall<P extends CanParams>(
  caller: string,
  config: CanConfig,
  params: P,
  batch: CanBatch,
  context: LossContext<P>,
): void {
  expectCanParams(caller, params);
  expectBatch(caller, config, batch);
  expectOptions(caller, 'context', context, ['key'], ['teacher', 'communicator']);
  expectKey(caller, 'context.key', context.key);
  const { communicator } = context;
  if (communicator) expectCommunicator(caller, 'context.communicator', communicator);
}
