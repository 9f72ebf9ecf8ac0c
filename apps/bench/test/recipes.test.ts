import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Recipe, resolveConfig } from '@twocan/pretrain';
import { recipeProblems } from '@twocan/pretrain/settings';
import { afterAll, describe, expect, it } from 'vitest';
import { keepRecipe } from '../src/recipes/files.ts';
import { configOf, readFinishedRun } from '../src/recipes/finished-run.ts';
import { recipeFromRuns } from '../src/recipes/from-runs.ts';

const root = mkdtempSync(join(tmpdir(), 'twocan-recipes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const STEPS = 400;

/** The folder of a run whose loss falls from `first` by 1, as `twocan pretrain` writes it. */
function runFolder(
  name: string,
  first: number,
  { knn = 0.5, done = STEPS, ...changes }: { knn?: number; done?: number; [name: string]: unknown },
): string {
  const path = join(root, name);
  mkdirSync(path);
  const settings = { patch: 4, temperature: 0.2, epochs: 40, batch: 100, lr: 2e-3, ...changes };
  const options = {
    ...{ data: '/home/me/birds/train', evalData: '/home/me/birds' },
    ...{ preset: 'micro32', ...settings, cropMin: 0.4, backend: 'native', threads: 1 },
  };
  const { data: _, evalData: __, backend: ___, threads: ____, ...own } = options;
  const config = resolveConfig({ ...own, recipe: 'paper' } as object, { length: 1000 });
  const steps = Array.from({ length: done }, (_, i) => ({
    ...{ step: i + 1, loss: first - i / (STEPS - 1), contrastive: 2 },
    // One step waits for another program.
    machine: { millis: i === 9 ? 90_000 : 300 },
  }));
  const evaluated = (step: number, scores: object) => ({
    step,
    evaluation: { effectiveRank: 30, ...scores },
    machine: { millis: 15_000 },
  });
  const start = evaluated(0, { knn: 0.25, rawPixels: 0.3 });
  const lines = [start, ...steps, ...(done === STEPS ? [evaluated(STEPS, { knn })] : [])];
  const write = (file: string, content: string): void => writeFileSync(join(path, file), content);
  write('config.json', JSON.stringify({ version: 1, ...config, options }));
  write('metrics.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const machine = { processor: 'a CPU', backend: 'native', threads: 1, twocan: '1.2.3' };
  write('environment.json', JSON.stringify({ ...machine, cores: 2 }));
  return path;
}

const first = runFolder('first', 6, { knn: 0.5 });
const second = runFolder('second', 5, { knn: 0.6, seed: 7 });
const recipe = (): Recipe =>
  recipeFromRuns([readFinishedRun(first, 'birds-1k'), readFinishedRun(second, 'birds-1k')]);

describe('the config of a finished run', () => {
  it('names the images, and is that of the run in all else', () => {
    const { config } = readFinishedRun(second, 'birds-1k');
    const folders = { data: 'birds-1k/train', evalData: 'birds-1k' };
    expect(configOf(readFinishedRun(second, 'birds-1k'))).toEqual({
      ...config,
      data: folders.data,
      options: { ...config.options, ...folders },
    });
  });

  it('has no folder of another set', () => {
    const elsewhere = runFolder('elsewhere', 5, {});
    const run = readFinishedRun(elsewhere, 'birds-1k');
    const options = { ...run.config.options, evalData: '/home/me/fish' };
    const config = { ...run.config, options, evaluation: 'pictures of /home/me/fish/val' };
    expect(JSON.stringify(configOf({ ...run, config }))).not.toContain('/home');
  });
});

describe('a recipe from finished runs', () => {
  it('has their settings, scores and commands', () => {
    const kept = (file: string, trained: number, rawPixels: number, untrained: number): void =>
      writeFileSync(join(first, file), JSON.stringify({ trained, rawPixels, untrained }));
    kept('knn.json', 0.5625, 0.375, 0.1875);
    kept('probe.json', 0.625, 0.2, 0.3);
    const found = recipe();
    expect(recipeProblems(found)).toEqual([]);
    expect(found).toMatchObject({
      preset: 'micro32',
      method: 'can',
      epochs: 40,
      settings: { patch: 4, temperature: 0.2, batch: 100, lr: 2e-3, cropMin: 0.4 },
    });
    expect(Object.keys(found.settings)).toHaveLength(5);
    // k-NN and its baselines by all test images where they were measured, else those of the last checkpoint.
    expect(found.runs.map((run) => run.scores)).toEqual([
      { effectiveRank: 30, knn: 0.5625, rawPixels: 0.375, untrained: 0.1875, probe: 0.625 },
      { effectiveRank: 30, knn: 0.6, rawPixels: 0.3, untrained: 0.25 },
    ]);
    expect(found.runs[1]).toMatchObject({
      ...{ data: 'birds-1k', seed: 7, steps: STEPS, processor: 'a CPU', threads: 1 },
      minutes: 2.5, // 400 steps of 0.3 s and two evaluations of 15 s
      command:
        'twocan pretrain --data birds-1k/train --eval-data birds-1k --preset micro32 --patch 4 --temperature 0.2 --epochs 40 --batch 100 --lr 0.002 --crop-min 0.4 --seed 7',
    });
  });

  it('has the bands in which their curves lie', () => {
    const { bands } = recipe();
    expect(Object.keys(bands)).toEqual(['loss', 'contrastive', 'knn', 'effectiveRank']);
    expect(bands.loss).toHaveLength(40);
    // Means of 5.5 − share with deviations of 1/√2, two of them to each side; four digits.
    const [share = 0, low, high] = bands.loss?.[20] ?? [];
    const middle = 5.5 - (share * STEPS - 1) / (STEPS - 1);
    expect(low).toBeCloseTo(middle - Math.SQRT2, 2);
    expect(high).toBeCloseTo(middle + Math.SQRT2, 2);
    expect(bands.contrastive?.[3]).toEqual([expect.any(Number), 2, 2]);
    expect(bands.knn).toEqual([
      [0, 0.25, 0.25],
      [1, 0.4086, 0.6914],
    ]);
  });

  it('is refused where runs differ, or are not finished', () => {
    const other = readFinishedRun(runFolder('other', 5, { temperature: 0.1 }), 'birds-1k');
    expect(() => recipeFromRuns([readFinishedRun(first, 'a'), other])).toThrow(
      /other has other settings than .*first/,
    );
    const longer = readFinishedRun(runFolder('resized', 5, { imageSize: 64 }), 'birds-1k');
    expect(() => recipeFromRuns([longer])).toThrow("a recipe is of the preset's size");
    const run = readFinishedRun(first, 'a');
    expect(() => recipeFromRuns([run, run])).toThrow('there is another run of a with its seed');
    expect(() => recipeFromRuns([run, { ...run, name: 'b' }])).not.toThrow();
    const options = { ...run.config.options, accumulate: 2 };
    const parts = { ...run, config: { ...run.config, options } };
    expect(() => recipeFromRuns([parts])).toThrow('leave --accumulate out');
    expect(() => recipeFromRuns([])).toThrow('runs must be one or more, got none');
    const cut = runFolder('cut', 5, { done: 300 });
    expect(() => readFinishedRun(cut, 'birds-1k')).toThrow('the run is not finished');
  });
});

describe('the file of a recipe', () => {
  it('holds those of all lengths, each once, and stands in the list', () => {
    const folder = join(root, 'recipes');
    mkdirSync(folder);
    const made = recipe();
    const short = { ...made, epochs: 10 };
    for (const one of [
      made,
      { ...short, runs: [] },
      short,
      { ...made, preset: 'tiny32' as const },
    ]) {
      keepRecipe(folder, one);
    }
    const kept = JSON.parse(readFileSync(join(folder, 'micro32.json'), 'utf8')) as unknown;
    expect(kept).toEqual([short, made]);
    const list = readFileSync(join(folder, 'list.ts'), 'utf8');
    expect(list).toContain("import micro32 from './micro32.json' with { type: 'json' };");
    expect(list).toContain('= [...micro32, ...tiny32] as unknown as readonly Recipe[];');
  });
});
