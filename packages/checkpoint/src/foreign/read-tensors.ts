import type { NamedArrays } from '../dtype.ts';
import { decodeSafetensors } from '../safetensors.ts';
import { brief, parseSettings, partOf, type Settings } from './config-file.ts';
import { fail, someOf } from './fail.ts';
import type { WeightFiles } from './files.ts';
import { aboutPickle, isPickleName } from './pickle.ts';

/** Tensors of one or more files, and the settings beside them. */
export type ReadWeights = {
  readonly named: NamedArrays;
  readonly config: Settings;
  readonly preprocessor: Settings;
};

const INDEX = 'model.safetensors.index.json';
const WHOLE = 'model.safetensors';
/** The longest are the names of 22,000 classes; parsing takes many times these bytes. */
const MOST_SETTINGS = 2_000_000;
/** The largest array of bytes. */
const MOST_WEIGHTS = 2 ** 33;

/** Other formats that are not read. */
const OTHERS = /\.(h5|msgpack|onnx|gguf|npz|tflite)$/i;

/**
 * Reads tensors and settings.
 *
 * @param files a file, or a folder
 * @returns tensors by the names of the file
 * @throws RangeError where there are no weights, more than one file of them, or damaged ones
 */
export async function readTensors(files: WeightFiles): Promise<ReadWeights> {
  const { file } = files;
  if (file !== undefined) refuseOther([file]);
  const settings = async (name: string) =>
    parseSettings(name, await files.read(name, MOST_SETTINGS));
  const config = await settings('config.json');
  const preprocessor = await settings('preprocessor_config.json');
  const isIndex = file?.endsWith('.index.json') ?? false;
  const index =
    file === undefined || isIndex ? await files.read(file ?? INDEX, MOST_SETTINGS) : undefined;
  if (index !== undefined) {
    return {
      named: await shards(files, parseSettings(file ?? INDEX, index)),
      config,
      preprocessor,
    };
  }
  const name = file ?? soleFile(files);
  const bytes = await files.read(name, MOST_WEIGHTS);
  if (bytes === undefined) return fail(`there is no ${name} in ${files.place}`);
  return { named: decoded(name, bytes), config, preprocessor };
}

/** The file of a folder that holds the weights. */
function soleFile({ names, place }: WeightFiles): string {
  if (names === undefined || names.includes(WHOLE)) return WHOLE;
  const found = names.filter((name) => name.endsWith('.safetensors'));
  const [only, second] = found;
  if (only === undefined) {
    refuseOther(names);
    return fail(`there are no weights in ${place}: no ${WHOLE}`);
  }
  if (second === undefined) return only;
  return fail(`there is more than one file of weights and no ${INDEX}: ${someOf(found)}; give one`);
}

function refuseOther(names: readonly string[]): void {
  const pickled = names.find(isPickleName);
  if (pickled !== undefined) fail(`${pickled} ${aboutPickle(pickled)}`);
  const other = names.find((name) => OTHERS.test(name));
  if (other !== undefined)
    fail(`${other} is of a format that is not read; write it as safetensors`);
}

/** The first bytes of a zip archive, which torch.save writes, and of a bare pickle. */
const isPickle = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x50 && bytes[1] === 0x4b) ||
  (bytes[0] === 0x80 && (bytes[1] ?? 9) <= 5 && bytes[7] !== 0);

function decoded(name: string, bytes: Uint8Array): NamedArrays {
  if (isPickle(bytes)) fail(`${name} ${aboutPickle(name)}`);
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(`${name} is no safetensors file, or damaged: ${reason(error)}`);
  }
}

const reason = ({ message }: Error): string => message.replace(/^decodeSafetensors: /, '');

/** Tensors that an index says are spread over files of its folder. */
async function shards(files: WeightFiles, index: Settings): Promise<NamedArrays> {
  const places = Object.entries(partOf(index, 'weight_map'));
  if (places.length === 0) fail('weight_map of the index must name a file for each tensor');
  const byFile = new Map<string, string[]>();
  for (const [name, file] of places) {
    if (typeof file !== 'string' || !/^[^/\\]+\.safetensors$/.test(file)) {
      return fail(`weight_map must name safetensors files of its folder, got ${brief(file)}`);
    }
    const others = byFile.get(file);
    if (others) others.push(name);
    else byFile.set(file, [name]);
  }
  const parts: [string, NamedArrays[string]][] = [];
  for (const [file, names] of byFile) {
    const bytes = await files.read(file, MOST_WEIGHTS);
    if (bytes === undefined) return fail(`the index names ${file}, which is not there`);
    const named = decoded(file, bytes);
    const missing = names.filter((name) => !Object.hasOwn(named, name));
    if (missing.length > 0) fail(`the index says that ${file} holds ${someOf(missing)}`);
    for (const name of names) parts.push([name, named[name] as NamedArrays[string]]);
  }
  return Object.fromEntries(parts);
}
