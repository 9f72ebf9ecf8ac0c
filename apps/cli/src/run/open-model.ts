import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CanParams } from '@twocan/can';
import { aboutPickle, decodeSafetensors, isPickleName } from '@twocan/checkpoint';
import { disposeTree } from '@twocan/core';
import { isObject } from '../args/config-file.ts';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import type { RunConfig } from './config.ts';
import type { KeptWeights } from './kept-weights.ts';
import { newestCheckpoint } from './newest-checkpoint.ts';

/** A trained model, from a checkpoint. */
export type OpenedModel = {
  readonly config: RunConfig;
  /** The caller disposes them. */
  readonly params: CanParams;
  /** Whether they are the average that the run kept. */
  readonly averaged: boolean;
  readonly step: number;
  /** The checkpoint's file. */
  readonly path: string;
};

/** How a checkpoint is opened. */
export type ModelRequest = {
  /** What errors say to give in its place. */
  readonly give?: string;
  /** The average where the run kept one, by default: it is what the run was evaluated by. */
  readonly weights?: KeptWeights | undefined;
};

/**
 * Opens what `--model` names: a run folder (its newest readable checkpoint) or a checkpoint file.
 *
 * @param given the path
 * @param named what errors call it
 * @param request which weights, and what errors say to give in its place
 * @returns config and parameters
 * @throws Failure (exit code 2) when there is no checkpoint, it is not one of `twocan pretrain`, its
 *   numbers are not finite, or it has no average that was asked for
 */
export async function openModel(
  given: string,
  named = `--model ${given}`,
  { give = GIVE, weights }: ModelRequest = {},
): Promise<OpenedModel> {
  const path = checkModelPath(given, named, give);
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
  const averaged = ema !== undefined && weights !== 'last';
  const params = averaged ? ema : checkpoint.params;
  if (optimizer) disposeTree(optimizer);
  if (ema) disposeTree(averaged ? checkpoint.params : ema);
  if (weights === 'average' && !averaged) {
    disposeTree(params);
    throw usageError(
      `--weights average: ${given} has none; give --weights last, or a run of twocan pretrain --ema`,
    );
  }
  if (!isRunConfig(config)) {
    disposeTree(params);
    throw usageError(
      isClassifier(config)
        ? `${named} is a classifier of twocan finetune; ${config.classifier.from === null ? GIVE : `give what it began with, ${config.classifier.from}`}`
        : `${named} is a checkpoint that twocan pretrain did not write; ${GIVE}`,
    );
  }
  return { config, params: params as CanParams, averaged, step, path: checkpoint.path };
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

/**
 * Refuses a path that can be no checkpoint of ours.
 *
 * @param given the path
 * @param named what errors call it
 * @param give what errors say to give in its place
 * @returns the file, or the folder that checkpoints lie in
 * @throws Failure (exit code 2) where nothing is there, or what is there is of another kind
 */
export function checkModelPath(given: string, named: string, give = GIVE): string {
  if (!existsSync(given)) throw usageError(`${named} does not exist; ${give}`);
  const pickled = pickledIn(given);
  if (pickled !== undefined) {
    const found = pickled === given ? named : `${named} holds ${basename(pickled)}, which`;
    const next =
      give === GIVE
        ? 'This command takes what twocan pretrain wrote: train on with --init model.safetensors, and give that run'
        : 'Then give model.safetensors';
    throw usageError(`${found} ${aboutPickle(pickled)}\n${next}`);
  }
  if (!statSync(given).isDirectory()) {
    if (given.endsWith('.safetensors')) return given;
    throw usageError(`${named} is no checkpoint of twocan (.safetensors); ${give}`);
  }
  const inside = join(given, 'checkpoints');
  return existsSync(inside) ? inside : given;
}

/** A pickled file where there is nothing else to read. */
function pickledIn(path: string): string | undefined {
  if (!statSync(path).isDirectory()) return isPickleName(path) ? path : undefined;
  const names = readdirSync(path);
  const others = names.some((name) => name === 'checkpoints' || name.endsWith('.safetensors'));
  const pickled = others ? undefined : names.find(isPickleName);
  return pickled && join(path, pickled);
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
