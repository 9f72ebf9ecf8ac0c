import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeSafetensors, encodeSafetensors } from '@twocan/checkpoint';
import { writeFileAtomic } from '@twocan/checkpoint/node';
import type { Dataset } from '@twocan/data';
import { usageError } from './failure.ts';
import { encoderFeatures, extractRows, type Rows } from './features.ts';
import type { OpenedModel } from './open-model.ts';

const FORMAT = 'twocan/index';

/**
 * The features of a folder: computed, or read from an index that was made of the same folder with
 * the same checkpoint.
 *
 * @param model the model
 * @param dataset the folder's images
 * @param file where the index is, or will be; none keeps nothing
 * @returns one row an image
 * @throws Failure (exit code 2) when the file is an index of something else
 */
export async function indexedRows(
  model: OpenedModel,
  dataset: Dataset,
  file: string | undefined,
): Promise<Rows> {
  const names = Array.from({ length: dataset.length }, (_, i) => dataset.name(i));
  const about = {
    format: FORMAT,
    names: JSON.stringify(names),
    seed: String(model.config.seed),
    step: String(model.step),
    model: JSON.stringify(model.config.model),
  };
  if (file !== undefined && existsSync(file)) return readIndex(file, about);
  const rows = await extractRows(
    dataset,
    model.config,
    encoderFeatures(model.config.model, model.params),
  );
  if (file !== undefined) {
    const { features: data, width } = rows;
    const features = { dtype: 'F32' as const, shape: [names.length, width], data };
    await writeFileAtomic(file, encodeSafetensors({ features }, about));
  }
  return rows;
}

async function readIndex(file: string, about: Readonly<Record<string, string>>): Promise<Rows> {
  const { tensors, metadata } = await readFile(file)
    .then(decodeSafetensors)
    .catch((error: Error) => {
      throw usageError(`--index ${file}: ${error.message}`);
    });
  const differs = Object.keys(about).filter((name) => metadata[name] !== about[name]);
  const { features } = tensors;
  if (differs.length > 0 || !(features?.data instanceof Float32Array)) {
    throw usageError(
      `--index ${file} is of other images or another model (${differs.join(', ')} differ); ` +
        'delete it or name another file',
    );
  }
  return { features: features.data, width: features.shape[1] ?? 0 };
}
