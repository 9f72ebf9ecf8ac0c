import { encodeCheckpoint, type Json, npyHead, treeToNamed } from '@twocan/checkpoint';
import { key, type Params } from '@twocan/core';
import { encoderToOnnx } from '@twocan/onnx';
import {
  encoderFeatures,
  extractRows,
  type PretrainConfig,
  type PretrainState,
  trainedParams,
} from '@twocan/pretrain';
import { zipSync } from 'fflate';
import type { EvaluationLine, StepLine } from '../messages.ts';
import type { RunImages } from './images.ts';
import type { RunConfig } from './run-config.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A file to be downloaded. */
export type TakenFile = { readonly name: string; readonly bytes: Bytes };

/** A run after some step, and what was seen of it. */
export type Taken = {
  readonly config: PretrainConfig;
  readonly run: RunConfig;
  readonly state: PretrainState;
  readonly images: RunImages;
  readonly lines: readonly StepLine[];
  readonly evaluations: readonly EvaluationLine[];
};

/** The state of a run as `twocan pretrain` saves it. */
export const checkpointOf = async ({ run, state }: Pick<Taken, 'run' | 'state'>): Promise<Bytes> =>
  (await encodeCheckpoint({
    ...state,
    key: key(run.seed),
    config: run as unknown as Json,
  })) as Bytes;

/** The run folder, as an archive: `twocan pretrain --resume` goes on with it. */
export async function runArchive(taken: Taken): Promise<TakenFile> {
  const { run, state, lines, evaluations } = taken;
  const checkpoint = `checkpoint-${String(state.step).padStart(8, '0')}.safetensors`;
  const text = (value: string): Bytes => new TextEncoder().encode(value) as Bytes;
  const files = {
    'config.json': text(`${JSON.stringify(run, null, 2)}\n`),
    'metrics.jsonl': text(metricsOf(lines, evaluations, run.batch)),
    [`checkpoints/${checkpoint}`]: await checkpointOf(taken),
  };
  const inFolder = Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [`twocan-run/${name}`, bytes]),
  );
  // Weights hardly shrink, and packing them would take seconds.
  return { name: 'twocan-run.zip', bytes: zipSync(inFolder, { level: 0 }) as Bytes };
}

/** metrics.jsonl: a line of an evaluation follows that of its step. */
function metricsOf(
  lines: readonly StepLine[],
  evaluations: readonly EvaluationLine[],
  batch: number,
): string {
  const steps = lines.map(({ step, metrics, learningRate, millis }) => {
    const { loss, ...others } = metrics;
    const machine = { millis, imagesPerSecond: (1000 * batch) / millis };
    return { step, loss, ...others, learningRate, machine };
  });
  const scored = evaluations.map(({ step, scores, millis }) => ({
    step,
    evaluation: scores,
    machine: { millis },
  }));
  const all = [...steps, ...scored].sort((a, b) => a.step - b.step);
  return all.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** The features of all images, row by row. */
export async function featureFile(taken: Taken, kind: 'npy' | 'jsonl'): Promise<TakenFile> {
  const { config, state, images } = taken;
  const { dataset } = images;
  const extract = encoderFeatures(config.model, trainedParams(state));
  const { features, width } = await extractRows(dataset, config, extract);
  if (kind === 'npy') {
    const head = npyHead([dataset.length, width]);
    const bytes = new Uint8Array(head.length + features.byteLength);
    bytes.set(head);
    bytes.set(
      new Uint8Array(features.buffer, features.byteOffset, features.byteLength),
      head.length,
    );
    return { name: 'features.npy', bytes };
  }
  const lines = Array.from({ length: dataset.length }, (_, i) =>
    JSON.stringify({
      name: dataset.name(i),
      features: [...features.subarray(i * width, (i + 1) * width)],
    }),
  );
  return {
    name: 'features.jsonl',
    bytes: new TextEncoder().encode(`${lines.join('\n')}\n`) as Bytes,
  };
}

/** The encoder for ONNX Runtime. */
export async function onnxFile({ config, state }: Taken): Promise<TakenFile> {
  const { encoder } = trainedParams(state);
  const arrays = await treeToNamed({ encoder } as unknown as Params);
  return { name: 'encoder.onnx', bytes: encoderToOnnx(arrays, config.model.encoder) as Bytes };
}
