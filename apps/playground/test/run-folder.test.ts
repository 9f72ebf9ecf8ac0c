import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { findRun, metricsIn } from '../src/worker/run-folder.ts';

const LINES = [
  '{"step":1,"loss":2.5,"learningRate":0.1,"machine":{"millis":12}}',
  '{"step":1,"evaluation":{"knn":0.5},"machine":{"millis":7}}',
  '{"step":2,"loss":2,"learningRate":0.2,"machine":{"millis":11}}',
  '{"step":3,"lo',
].join('\n');
const CONFIG = { version: 1, data: 'shapes:20', batch: 8, options: { steps: 4, out: 'there' } };

const files = (folder: string) => ({
  [`${folder}config.json`]: JSON.stringify(CONFIG),
  [`${folder}metrics.jsonl`]: LINES,
  [`${folder}checkpoints/checkpoint-00000001.safetensors`]: 'one',
  [`${folder}checkpoints/checkpoint-00000002.safetensors`]: 'two',
});
const named = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).map(([path, text]) => ({ path, file: new Blob([text]) }));

describe('findRun', () => {
  it('reads the newest checkpoint, the settings and the lines up to it', async () => {
    const { run, rest } = await findRun([
      ...named(files('some/run/')),
      ...named({ 'photos/cat.png': 'cat' }),
    ]);
    expect(new TextDecoder().decode(run?.checkpoint)).toBe('two');
    expect(run?.settings).toEqual({ steps: 4 });
    expect(run?.config).toEqual({ batch: 8 });
    expect(run?.lines.map(({ step, metrics }) => [step, metrics])).toEqual([
      [1, { loss: 2.5 }],
      [2, { loss: 2 }],
    ]);
    expect(run?.evaluations).toEqual([{ step: 1, scores: { knn: 0.5 }, millis: 7 }]);
    expect(rest.map(({ path }) => path)).toEqual(['photos/cat.png']);
  });

  it('reads an archive', async () => {
    const entries = Object.entries(files('twocan-run/')).map(
      ([path, text]) => [path, new TextEncoder().encode(text)] as const,
    );
    const file = new Blob([zipSync(Object.fromEntries(entries)) as Uint8Array<ArrayBuffer>]);
    const { run, rest } = await findRun([{ path: 'twocan-run.zip', file }]);
    expect(run?.data).toBe('shapes:20');
    expect(rest).toEqual([]);
  });

  it('leaves files alone that are no run, and refuses one of another version', async () => {
    const images = named({ 'a.png': 'a', 'config.json': '{}' });
    expect(await findRun(images)).toEqual({ rest: images });
    const other = { ...files('run/'), 'run/config.json': '{"version":7}' };
    await expect(findRun(named(other))).rejects.toThrow(/config.json of the run/);
  });
});

describe('metricsIn', () => {
  it('leaves out what came after the checkpoint', () => {
    expect(metricsIn(LINES, 1).lines.map(({ step }) => step)).toEqual([1]);
  });
});
