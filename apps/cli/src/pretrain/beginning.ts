import { resolve } from 'node:path';
import type { CanParams } from '@twocan/can';
import { disposeTree } from '@twocan/core';
import { startingParams } from '@twocan/pretrain';
import type { Options } from '../args/options.ts';
import type { Beginning, RunConfig } from '../run/config.ts';
import { expectSameModel, modelDigest } from '../run/open-model.ts';
import { checkWeights, openWeights } from '../run/open-weights.ts';
import { usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';

/**
 * Refuses sizes where weights have them, and a path that can be no weights.
 *
 * @param options the flags
 * @throws Failure (exit code 2) for a preset or its recipe beside weights, or another kind of file
 */
export function checkBeginning({ init, preset, recipe }: Options): void {
  if (init === undefined) return;
  if (preset !== undefined) {
    throw usageError(
      `--preset ${preset} has no effect with --init, whose weights have sizes; leave it out`,
    );
  }
  if (recipe === 'measured') {
    throw usageError('--recipe measured is of a preset; leave it out with --init');
  }
  checkWeights(init, `--init ${init}`);
}

/**
 * The sizes and the normalisation of the weights that `--init` names.
 *
 * @param options the flags
 * @returns what the run begins with; nothing without `--init`
 * @throws Failure (exit code 2) for weights that cannot be used, or sizes that are not theirs
 */
export async function beginningOf(options: Options): Promise<Beginning | undefined> {
  const { init, imageSize, patch } = options;
  if (init === undefined) return undefined;
  const opened = { named: `--init ${init}`, imageSize, trained: true };
  const { config, params } = await openWeights(init, opened);
  const hasDecoder = params.decoder !== undefined;
  disposeTree(params);
  const { encoder, decoder } = config.model;
  if (patch !== undefined && patch !== encoder.patch) {
    throw usageError(`--patch must be ${encoder.patch}, as in --init, or left out, got ${patch}`);
  }
  return {
    start: { encoder, normalization: config.normalization, ...(hasDecoder && { decoder }) },
    init: { from: resolve(init), sha256: await modelDigest(resolve(init)) },
  };
}

/** What a run that goes on began with, as its config has it: the weights may be gone by then. */
export function beginningBefore({ init, model, normalization }: RunConfig): Beginning | undefined {
  const { encoder, decoder } = model;
  return init && { start: { encoder, decoder, normalization }, init };
}

/**
 * The parameters that a run begins with.
 *
 * @param config the run
 * @returns parameters that the caller disposes; nothing where all of them are drawn
 * @throws Failure (exit code 2) where the weights are gone or have changed
 */
export async function initialParams(config: RunConfig): Promise<CanParams | undefined> {
  const { init, model } = config;
  if (init === undefined) return undefined;
  await expectSameModel(init.from, init.sha256, 'run');
  const imageSize = model.encoder.image.width;
  const { params } = await openWeights(init.from, { imageSize, trained: true, quiet: true });
  try {
    const { params: all, taken, drawn } = startingParams(config, params);
    const others = drawn.length === 0 ? '' : `; drawn: ${drawn.join(', ')}`;
    message(`begins with ${taken.join(', ')} of ${init.from}${others}`);
    return all;
  } finally {
    disposeTree(params);
  }
}
