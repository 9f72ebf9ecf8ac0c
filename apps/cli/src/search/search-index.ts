import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeSafetensors, encodeSafetensors } from '@twocan/checkpoint';
import { type Dataset, subset } from '@twocan/data';
import { compareMarks, type FileMark, type ImageFolder, markFiles } from '@twocan/data/node';
import { encoderFeatures, extractRows, type Rows } from '@twocan/pretrain';
import { writeOutput } from '../files/outputs.ts';
import { countChanges } from '../run/data-identity.ts';
import { modelDigest } from '../run/open-model.ts';
import type { OpenedWeights } from '../run/open-weights.ts';
import { isSystemError, reasonOf, usageError } from '../terminal/failure.ts';
import { message } from '../terminal/messages.ts';
import { progressOf } from '../terminal/progress.ts';
import { version } from '../terminal/version.ts';
import { showWork } from '../terminal/work.ts';

const FORMAT = 'twocan/index';

type Images = Dataset & Pick<ImageFolder, 'parts'>;

/** An index that was read: a row for each mark. */
type Index = { readonly marks: readonly FileMark[]; readonly rows: Rows };

/**
 * The features of a folder: computed, or taken from an index as far as the images are those that it
 * was made of, by every byte. What is new or has changed is computed and the index written anew.
 *
 * @param model the model
 * @param dataset the folder's images
 * @param of the folder, and the file where the index is or will be
 * @returns one row an image
 * @throws Failure (exit code 2) when the file is an index of another model, or of other images
 *   altogether
 */
export async function indexedRows(
  model: OpenedWeights,
  dataset: Images,
  { data, file }: { readonly data: string; readonly file: string },
): Promise<Rows> {
  const about = { format: FORMAT, version, model: await modelDigest(model.path) };
  const old = existsSync(file) ? await readIndex(file, about) : undefined;
  const marks = await marksOf(dataset, data, old?.marks ?? []);
  const stored = storedRows(old);
  const missing = [...marks.keys()].filter((i) => !stored.has(digestOf(marks[i])));
  if (old !== undefined) sayChanges(file, old.marks, marks, missing.length);
  if (old !== undefined && missing.length === 0 && same(old.marks, marks)) return old.rows;
  const fresh = await rowsOf(model, subset(dataset, missing));
  const width = old?.rows.width || fresh.width;
  const features = new Float32Array(marks.length * width);
  missing.forEach((at, i) => {
    features.set(fresh.features.subarray(i * width, (i + 1) * width), at * width);
  });
  marks.forEach((mark, at) => {
    const row = stored.get(digestOf(mark));
    if (row !== undefined) features.set(row, at * width);
  });
  await writeIndex(file, about, { marks, rows: { features, width } });
  return { features, width };
}

/**
 * The features of a folder.
 *
 * @param model the model
 * @param dataset the folder's images
 * @returns one row an image
 */
export const rowsOf = ({ config, params }: OpenedWeights, dataset: Dataset): Promise<Rows> =>
  extractRows(dataset, config, encoderFeatures(config.model, params), showWork);

/** In the order of the images. A file that nobody wrote to since the last look is not read again. */
async function marksOf(
  dataset: Images,
  folder: string,
  before: readonly FileMark[],
): Promise<FileMark[]> {
  const old = new Map(before.map((mark) => [mark.name, mark]));
  const known = (name: string, stamp: string): string | undefined => {
    const mark = old.get(name);
    return mark?.stamp === stamp ? mark.digest : undefined;
  };
  const names = Array.from({ length: dataset.length }, (_, i) => dataset.name(i));
  const line = progressOf('looking at the files');
  const marks = await markFiles(folder, names, {
    parts: dataset.parts,
    reads: () => true,
    whole: true,
    known,
    progress: line.count,
  });
  const byName = new Map(marks.map((mark) => [mark.name, mark]));
  return names.map((name) => byName.get(name) as FileMark);
}

/** Rows by the digest of what they were made of: a file that was renamed keeps its row. */
function storedRows(index: Index | undefined): Map<string, Float32Array> {
  const { marks = [], rows: { features, width } = { features: new Float32Array(0), width: 0 } } =
    index ?? {};
  return new Map(
    marks.flatMap((mark, i) =>
      mark.digest ? [[mark.digest, features.subarray(i * width, (i + 1) * width)]] : [],
    ),
  );
}

const digestOf = (mark: FileMark | undefined): string => mark?.digest ?? '';

const same = (before: readonly FileMark[], now: readonly FileMark[]): boolean =>
  JSON.stringify(before) === JSON.stringify(now);

function sayChanges(
  file: string,
  before: readonly FileMark[],
  now: readonly FileMark[],
  missing: number,
): void {
  const changes = compareMarks(before, now);
  if (missing === now.length && changes.removed.length === before.length) {
    throw usageError(
      `--index ${file} is of other images: it has none of the ${now.length}; delete it or name another file`,
    );
  }
  const counts = countChanges(changes);
  if (counts.length === 0) return;
  message(
    `--index ${file}: since it was made, ${counts.join(', ')}; ${missing} of ${now.length} images are computed anew`,
  );
}

type About = Readonly<Record<'format' | 'version' | 'model', string>>;

/** Undefined for an index of another version of twocan, which may read pictures differently. */
async function readIndex(file: string, about: About): Promise<Index | undefined> {
  const { tensors, metadata } = await readFile(file)
    .then(decodeSafetensors)
    .catch((error: Error) => {
      const why = isSystemError(error)
        ? `cannot be read: ${reasonOf(error)}`
        : 'is damaged, or no index of twocan search';
      throw usageError(`--index ${file} ${why}; name another file`, error);
    });
  if (metadata.format !== FORMAT) {
    throw usageError(`--index ${file} is a safetensors file, but no index; name another file`);
  }
  if (metadata.version !== about.version) {
    message(`--index ${file} is of another version of twocan, and is made anew`);
    return undefined;
  }
  if (metadata.model !== about.model) {
    throw usageError(
      `--index ${file} was made with another model, or another checkpoint of it; delete it or name another file`,
    );
  }
  const { features, files } = tensors;
  if (!(features?.data instanceof Float32Array) || !(files?.data instanceof Uint8Array)) {
    throw usageError(`--index ${file} is damaged; delete it or name another file`);
  }
  const marks = JSON.parse(new TextDecoder().decode(files.data)) as FileMark[];
  return { marks, rows: { features: features.data, width: features.shape[1] ?? 0 } };
}

async function writeIndex(file: string, about: About, { marks, rows }: Index): Promise<void> {
  // As a tensor: a header may not be as long as the names of a million files.
  const files = new TextEncoder().encode(JSON.stringify(marks));
  const named = {
    features: { dtype: 'F32' as const, shape: [marks.length, rows.width], data: rows.features },
    files: { dtype: 'U8' as const, shape: [files.length], data: files },
  };
  await writeOutput(file, encodeSafetensors(named, about));
}
