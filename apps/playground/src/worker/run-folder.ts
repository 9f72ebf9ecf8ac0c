import { type NamedFile, zipEntries } from '@twocan/data/web';
import type { PretrainConfig, Scores, Settings } from '@twocan/pretrain';
import { pretrainSettings } from '@twocan/pretrain/settings';
import type { EvaluationLine, StepLine } from '../messages.ts';

/** A run of the command line, or one that was downloaded here. */
export type RunFolder = {
  readonly config: PretrainConfig;
  readonly settings: Settings;
  /** `shapes:COUNT`, or where its images lay. */
  readonly data: string;
  readonly checkpoint: Uint8Array;
  readonly lines: readonly StepLine[];
  readonly evaluations: readonly EvaluationLine[];
};

type Entry = { readonly path: string; readonly read: () => Promise<Uint8Array> };

const CHECKPOINT = /(^|\/)checkpoint-\d+\.safetensors$/;
/** What a run folder has besides the settings of the training. */
const BESIDE = ['version', 'data', 'images', 'evaluation', 'init', 'backend', 'options'];

/**
 * Finds a run among files that were dropped, in folders or archives.
 *
 * @param files what was dropped
 * @returns the run where there is one, and the files that do not belong to it
 * @throws Error for a run that cannot be read, with the reason for a person
 */
export async function findRun(
  files: readonly NamedFile[],
): Promise<{ readonly run?: RunFolder; readonly rest: readonly NamedFile[] }> {
  for (const named of files) {
    if (!/\.zip$/i.test(named.path)) continue;
    const entries = await zipEntries(named.file).catch(() => []);
    const folder = folderOf(entries);
    if (folder === undefined) continue;
    const rest = files.filter((other) => other !== named);
    return { run: await readRun(within(entries, folder)), rest };
  }
  const entries = files.map(({ path, file }) => ({
    path,
    read: async () => new Uint8Array(await file.arrayBuffer()),
  }));
  const folder = folderOf(entries);
  if (folder === undefined) return { rest: files };
  const rest = files.filter(({ path }) => !path.startsWith(folder));
  return { run: await readRun(within(entries, folder)), rest: folder === '' ? [] : rest };
}

/** The folder, with `/` at its end, that has a config and a checkpoint. */
function folderOf(entries: readonly Entry[]): string | undefined {
  const configs = entries.flatMap(
    ({ path }) => /^(?:.*\/)?(?=config\.json$)/.exec(path)?.[0] ?? [],
  );
  return configs.find((folder) =>
    entries.some(({ path }) => path.startsWith(folder) && CHECKPOINT.test(path)),
  );
}

const within = (entries: readonly Entry[], folder: string): readonly Entry[] =>
  entries
    .filter(({ path }) => path.startsWith(folder))
    .map(({ path, read }) => ({ path: path.slice(folder.length), read }));

async function readRun(entries: readonly Entry[]): Promise<RunFolder> {
  const textOf = async (name: string): Promise<string> =>
    new TextDecoder().decode(await entries.find(({ path }) => path === name)?.read());
  const config = parsed(await textOf('config.json'));
  if (config?.version !== 1) throw new Error('the config.json of the run is none that is known');
  const newest = entries
    .filter(({ path }) => CHECKPOINT.test(path))
    .sort((a, b) => (a.path < b.path ? 1 : -1))[0] as Entry;
  const step = Number(/(\d+)\.safetensors$/.exec(newest.path)?.[1]);
  const { lines, evaluations } = metricsIn(await textOf('metrics.jsonl'), step);
  const options = (config.options ?? {}) as Record<string, unknown>;
  return {
    config: pick(config, (name) => !BESIDE.includes(name)) as unknown as PretrainConfig,
    settings: pick(options, (name) => Object.hasOwn(pretrainSettings, name)) as Settings,
    data: String(config.data),
    checkpoint: await newest.read(),
    ...{ lines, evaluations },
  };
}

const pick = (from: Record<string, unknown>, wanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => wanted(name)));

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The lines of metrics.jsonl up to a checkpoint; one that was cut off is left out. */
export function metricsIn(
  text: string,
  until: number,
): { readonly lines: StepLine[]; readonly evaluations: EvaluationLine[] } {
  const lines: StepLine[] = [];
  const evaluations: EvaluationLine[] = [];
  for (const line of text.split('\n').map(parsed)) {
    if (line === undefined || !(Number(line.step) <= until)) continue;
    const { step: at, evaluation, machine, learningRate, ...values } = line;
    const step = Number(at);
    const millis = Number((machine as { readonly millis?: number } | undefined)?.millis ?? 0);
    const metrics = pick(values, (name) => typeof values[name] === 'number');
    if (evaluation) evaluations.push({ step, millis, scores: evaluation as Scores });
    else {
      const rate = Number(learningRate ?? 0);
      lines.push({ step, millis, learningRate: rate, metrics: metrics as Record<string, number> });
    }
  }
  return { lines, evaluations };
}
