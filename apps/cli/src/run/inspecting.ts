import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { disposeTree, namedLeaves, type Params } from '@twocan/core';
import type { RunConfig } from './config.ts';
import { knnResult } from './knn-result.ts';
import { readMetrics } from './metrics-file.ts';
import { openModel } from './open-model.ts';
import { recipeLine } from './recipe-lines.ts';
import { startBackend } from './start-backend.ts';

/**
 * Prints what a run or a checkpoint holds.
 *
 * @param path a run folder or a checkpoint file
 * @param json as JSON instead of lines
 */
export async function inspectModel(path: string, json: boolean): Promise<void> {
  // Reading needs no speed, and the reference backend loads everywhere.
  await startBackend({ backend: 'cpu', quiet: true });
  const { config, params, step, path: file } = await openModel(path, path);
  const parameters = countByPart(params as Params);
  disposeTree(params);
  const { encoder, decoder, weights, maskRatio, noise } = config.model;
  const facts = {
    checkpoint: file,
    step: `${step} of ${config.steps}`,
    data: config.data,
    method: config.method,
    preset: config.preset,
    recipe: recipeLine(config),
    image: `${encoder.image.width} x ${encoder.image.height}, patches of ${encoder.patch}`,
    encoder: `${encoder.depth} blocks of ${encoder.width}, ${encoder.heads} heads`,
    decoder: `${decoder.depth} blocks of ${decoder.width}, ${decoder.heads} heads`,
    weights: Object.entries(weights)
      .map(([term, weight]) => `${term} ${weight}`)
      .join(', '),
    masking: `${100 * maskRatio}% hidden, noise up to ${noise.max}`,
    batch: config.batch,
    seed: config.seed,
    backend: config.backend,
    ...lastMetrics(path, config),
  };
  if (json) {
    console.log(JSON.stringify({ ...facts, parameters, config }, null, 2));
    return;
  }
  for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(12)}${value}`);
  const total = Object.values(parameters).reduce((sum, count) => sum + count, 0);
  const parts = Object.entries(parameters).map(([part, count]) => `${part} ${thousands(count)}`);
  console.log(`${'parameters'.padEnd(12)}${thousands(total)} (${parts.join(', ')})`);
}

const thousands = (count: number): string => count.toLocaleString('en-US');

function countByPart(params: Params): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [name, leaf] of namedLeaves<Tensor>(params)) {
    const part = name.split('/')[0] ?? '';
    counts[part] = (counts[part] ?? 0) + leaf.size;
  }
  return counts;
}

/** The loss of a run's last step, and its k-NN result where there is one. */
function lastMetrics(path: string, config: RunConfig): Record<string, string> {
  const losses = readMetrics(join(path, 'metrics.jsonl')).map(({ loss }) => loss);
  const loss = losses.findLast((value) => typeof value === 'number');
  const knn = knnResult(path, config);
  return {
    ...(loss === undefined ? {} : { loss: loss.toFixed(4) }),
    ...(knn !== undefined && { knn }),
  };
}
