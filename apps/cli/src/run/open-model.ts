import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CanParams } from '@twocan/can';
import { decodeSafetensors } from '@twocan/checkpoint';
import { disposeTree } from '@twocan/core';
import { isObject } from '../args/config-file.ts';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import type { RunConfig } from './config.ts';
import { newestCheckpoint } from './newest-checkpoint.ts';

/** A trained model, from a checkpoint. */
export type OpenedModel = {
  readonly config: RunConfig;
  /** The averaged ones, where the run kept an average; the caller disposes them. */
  readonly params: CanParams;
  readonly step: number;
  /** The checkpoint's file. */
  readonly path: string;
};

/**
 * Opens what `--model` names: a run folder (its newest readable checkpoint) or a checkpoint file.
 *
 * @param given the path
 * @param named what errors call it
 * @param give what errors say to give in its place
 * @returns config and parameters
 * @throws Failure (exit code 2) when there is no checkpoint, it is not one of `twocan pretrain`, or its
 *   numbers are not finite
 */
export async function openModel(
  given: string,
  named = `--model ${given}`,
  give = GIVE,
): Promise<OpenedModel> {
  const path = checkpointPath(given, named, give);
  noteLarge(path);
  const checkpoint = await newestCheckpoint(path).catch((error: Error) => {
    const why =
      'exitCode' in error
        ? `holds a state that is not finite: ${error.message}`
        : whyNoModel(path, error);
    throw usageError(`${named} ${why}`, error);
  });
  if (checkpoint === undefined) {
    throw usageError(`${named} holds no checkpoint; ${give}`);
  }
  const { config, optimizer, ema, step } = checkpoint;
  // The average is what the run was evaluated by.
  const params = ema ?? checkpoint.params;
  if (optimizer) disposeTree(optimizer);
  if (ema) disposeTree(checkpoint.params);
  if (!isRunConfig(config)) {
    disposeTree(params);
    throw usageError(
      isClassifier(config)
        ? `${named} is a classifier of twocan finetune; ${config.classifier.from === null ? GIVE : `give what it began with, ${config.classifier.from}`}`
        : `${named} is a checkpoint that twocan pretrain did not write; ${GIVE}`,
    );
  }
  return { config, params: params as CanParams, step, path: checkpoint.path };
}

const GIVE = 'give the folder of a run of twocan pretrain, or one of its checkpoints';

/** Reading takes seconds from here on, and cannot be counted. */
const LARGE = 500e6; // bytes

function noteLarge(path: string): void {
  const newest = statSync(path).isDirectory() ? readdirSync(path).sort().at(-1) : undefined;
  const size = statSync(join(path, newest ?? ''), { throwIfNoEntry: false })?.size ?? 0;
  if (size > LARGE) message(`reading a checkpoint of ${(size / 1e9).toFixed(1)} GB`);
}

/**
 * By what a model is known again, wherever it lies.
 *
 * @param path a checkpoint file, or a folder of weights with their settings
 * @returns the SHA-256 of its bytes, in hexadecimal digits
 */
export async function modelDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  const names = statSync(path).isDirectory()
    ? readdirSync(path).filter((name) => /\.(safetensors|json)$/.test(name))
    : [''];
  for (const name of names.sort()) {
    hash.update(name);
    for await (const piece of createReadStream(join(path, name))) hash.update(piece);
  }
  return hash.digest('hex');
}

/**
 * Fails where a model is not what it was: a path alone is no identity, and another run may have written there.
 *
 * @param path of the model
 * @param sha256 its digest as it was
 * @param what began with it, such as `classifier`
 * @throws Failure (exit code 2) when it is gone or has changed
 */
export async function expectSameModel(path: string, sha256: string, what: string): Promise<void> {
  const found = await modelDigest(path).catch(() => undefined);
  if (found === sha256) return;
  throw usageError(
    `--resume: the checkpoint that the ${what} begins with, ${path}, ${found === undefined ? 'is gone' : 'has changed'}; restore it, or start a new ${what}`,
  );
}

function checkpointPath(given: string, named: string, give: string): string {
  if (!existsSync(given)) throw usageError(`${named} does not exist; ${give}`);
  if (!statSync(given).isDirectory()) {
    if (given.endsWith('.safetensors')) return given;
    throw usageError(`${named} is no checkpoint of twocan (.safetensors); ${give}`);
  }
  const inside = join(given, 'checkpoints');
  return existsSync(inside) ? inside : given;
}

/** Why a file is no checkpoint, and what to do. */
function whyNoModel(path: string, error: Error): string {
  if (isSystemError(error)) return `cannot be read: ${reasonOf(error)}`;
  if (statSync(path).isDirectory()) {
    return 'has only checkpoints that are damaged; copy them again, or give another run';
  }
  if (statSync(path).size === 0) return 'is an empty file; copy the checkpoint again';
  const tensors = namesIn(path);
  if (tensors === undefined) return `is damaged, or no checkpoint at all; ${GIVE}`;
  return (
    `holds the weights of another program${tensors.length === 0 ? '' : ` (${tensors.slice(0, 2).join(', ')})`}; ` +
    `this command needs a checkpoint of twocan pretrain`
  );
}

/** The names of the tensors of a safetensors file; undefined where it is none, or cut off. */
function namesIn(path: string): string[] | undefined {
  try {
    return Object.keys(decodeSafetensors(readFileSync(path)).tensors);
  } catch {
    return undefined;
  }
}

const isRunConfig = (config: unknown): config is RunConfig =>
  isObject(config) && 'model' in config && 'normalization' in config;

const isClassifier = (
  config: unknown,
): config is { readonly classifier: { readonly from: string | null } } =>
  isObject(config) && 'classifier' in config;
