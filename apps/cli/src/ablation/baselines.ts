import { join } from 'node:path';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import { disposeTree } from '@twocan/core';
import { freshParams } from '@twocan/pretrain';
import type { Evaluation } from '../images/evaluation-sets.ts';
import type { RunConfig } from '../run/config.ts';
import { readJson } from './json-file.ts';
import type { Baselines } from './lines.ts';
import { measureEncoder, measurePixels } from './measure.ts';

/**
 * The accuracies of raw pixels and of the untrained encoder, measured once for a model and some
 * images: those of others are not taken for them.
 *
 * @param out the folder of the ablation, where they are kept
 * @param config of the whole method
 * @param evaluation labelled pictures
 * @returns the accuracies
 */
export async function baselinesOf(
  out: string,
  config: RunConfig,
  evaluation: Evaluation,
): Promise<Baselines> {
  const { model, seed, normalization, data, images } = config;
  const of = { model, seed, normalization, images: images ?? data };
  const path = join(out, 'baselines.json');
  const { of: about, ...known } = readJson<Baselines & { readonly of?: unknown }>(path) ?? {};
  if (JSON.stringify(about) === JSON.stringify(of)) return known as Baselines;
  const baselines = await measureBaselines(config, evaluation);
  await writeFileAtomic(path, `${JSON.stringify({ ...baselines, of })}\n`);
  return baselines;
}

async function measureBaselines(config: RunConfig, evaluation: Evaluation): Promise<Baselines> {
  const untrained = freshParams(config);
  try {
    return {
      rawPixels: await measurePixels(config, evaluation),
      untrained: await measureEncoder(config, untrained, evaluation),
    };
  } finally {
    disposeTree(untrained);
  }
}
