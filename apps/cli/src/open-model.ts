import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CanParams } from '@twocan/can';
import { loadCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import type { RunConfig } from './config.ts';
import { usageError } from './failure.ts';

/** A trained model, from a checkpoint. */
export type OpenedModel = {
  readonly config: RunConfig;
  /** The caller disposes it. */
  readonly params: CanParams;
  readonly step: number;
  /** The checkpoint's file. */
  readonly path: string;
};

/**
 * Opens what `--model` names: a run folder (its newest readable checkpoint) or a checkpoint file.
 *
 * @param given the path
 * @returns config and parameters
 * @throws Failure (exit code 2) when there is no checkpoint, or it is not one of `twocan pretrain`
 */
export async function openModel(given: string): Promise<OpenedModel> {
  const path = checkpointPath(given);
  const checkpoint = await loadCheckpoint(path).catch((error: Error) => {
    throw usageError(`--model ${given}: ${error.message}`);
  });
  if (checkpoint === undefined) throw usageError(`--model ${given}: no checkpoint in ${path}`);
  const { config, params, optimizer, ema, step } = checkpoint;
  if (optimizer) disposeTree(optimizer);
  if (ema) disposeTree(ema);
  if (!isRunConfig(config)) {
    disposeTree(params);
    throw usageError(`--model ${given}: ${checkpoint.path} was not written by twocan pretrain`);
  }
  return { config, params: params as CanParams, step, path: checkpoint.path };
}

function checkpointPath(given: string): string {
  if (!existsSync(given)) throw usageError(`--model ${given} does not exist; give a run folder`);
  if (!statSync(given).isDirectory()) {
    if (given.endsWith('.safetensors')) return given;
    throw usageError(`--model ${given} is no run folder and no .safetensors file`);
  }
  const inside = join(given, 'checkpoints');
  return existsSync(inside) ? inside : given;
}

const isRunConfig = (config: unknown): config is RunConfig =>
  typeof config === 'object' && config !== null && 'model' in config && 'normalization' in config;
