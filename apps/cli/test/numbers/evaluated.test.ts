import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor4d } from '@tensorflow/tfjs-core';
import { encode, initCan } from '@twocan/can';
import type { Json } from '@twocan/checkpoint';
import { saveCheckpoint } from '@twocan/checkpoint/node';
import { disposeTree, fold, key } from '@twocan/core';
import { type Dataset, plainViews, subset } from '@twocan/data';
import { imageFolder } from '@twocan/data/node';
import { fewShotAccuracy, knnAccuracy, probeAccuracy, probeRecipes } from '@twocan/evaluate';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Command } from '../../src/args/command.ts';
import { fewshot } from '../../src/commands/fewshot.ts';
import { knn } from '../../src/commands/knn.ts';
import { probe } from '../../src/commands/probe.ts';
import { resolveModel, resolveRun } from '../../src/run/config.ts';
import { startBackend } from '../../src/run/start-backend.ts';
import { drawPhotos, scratch } from '../cli.ts';

const folder = scratch();
afterAll(folder.remove);
const machine = { backend: 'simd', threads: 1 } as const;
const options = { data: 'photos', batch: 2, steps: 3, seed: 6 };
const model = resolveModel(options);
const config = resolveRun(options, { source: 'photos', length: 30 }, 'simd');
const question = { model: '', data: folder.path('photos'), ...machine };

/** Features of both sides, made from the packages alone: every fifth image of a class is held out. */
async function sidesOf(features: (pixels: Float32Array, count: number) => Promise<Float32Array>) {
  const images = await imageFolder(folder.path('photos'), { atOnce: 1 });
  const labels = [...(images.labels ?? [])];
  const held = labels.map(
    (label, i) => labels.slice(0, i).filter((own) => own === label).length % 5 === 4,
  );
  const side = async (test: boolean) => {
    const part: Dataset = subset(
      images,
      [...labels.keys()].filter((i) => held[i] === test),
    );
    const all = Array.from({ length: part.length }, (_, i) => i);
    const pixels = await plainViews(part, all, { size: 32, ...config.normalization });
    return {
      features: await features(pixels, part.length),
      labels: part.labels ?? new Int32Array(0),
    };
  };
  const sides = { train: await side(false), test: await side(true), classes: 3 };
  await images.close();
  return sides;
}

type Sides = Awaited<ReturnType<typeof sidesOf>>;
const sides: { trained?: Sides; rawPixels?: Sides; untrained?: Sides } = {};
const names = ['trained', 'rawPixels', 'untrained'] as const;

/** A score of each of the three. */
async function ofEach<R>(measure: (own: Sides) => Promise<R>): Promise<Record<string, R>> {
  const answers: Record<string, R> = {};
  for (const name of names) {
    const own = sides[name];
    if (own !== undefined) answers[name] = await measure(own);
  }
  return answers;
}

/** What a command prints on standard output about the model. */
async function printed({ run }: Command, ...words: readonly string[]): Promise<string> {
  const { model: of, data, backend, threads } = question;
  const always = ['--model', of, '--data', data, '--backend', backend, '--threads', `${threads}`];
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    await run([...always, ...words]);
    return log.mock.calls.map(([line]) => String(line)).join('\n');
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}

beforeAll(async () => {
  await startBackend(machine);
  await drawPhotos(folder.path('photos'), 3, 10);
  const run = folder.path('run');
  mkdirSync(run);
  writeFileSync(join(run, 'config.json'), JSON.stringify(config));
  const [trained, untrained] = [initCan(key(77), model), initCan(fold(key(6), 'init'), model)];
  const plain = config as unknown as Json;
  const state = { step: 3, params: trained, config: plain };
  question.model = await saveCheckpoint(join(run, 'checkpoints'), state as never);
  const encoded = (params: typeof trained) => async (pixels: Float32Array, count: number) => {
    const images = tensor4d(pixels, [count, 32, 32, 3]);
    const features = encode(model)(params, images);
    const values = await features.data<'float32'>();
    disposeTree([images, features]);
    return values;
  };
  sides.trained = await sidesOf(encoded(trained));
  sides.rawPixels = await sidesOf(async (pixels) => pixels);
  sides.untrained = await sidesOf(encoded(untrained));
  disposeTree([trained, untrained]);
}, 120_000);

describe('what an evaluation prints', () => {
  const counts = { trainImages: 24, testImages: 6, classes: 3 };
  const about = { checkpoint: expect.stringContaining('checkpoint-00000003'), step: 3 };

  test('by neighbours: the numbers of a computation without the program', async () => {
    const words = ['--k', '3', '--temperature', '0.2'];
    const { trained, rawPixels, untrained } = await ofEach(
      async (own) => (await knnAccuracy({ ...own, k: 3, temperature: 0.2, centre: true })).accuracy,
    );
    const json = JSON.parse(await printed(knn, ...words, '--json')) as object;
    expect(json).toMatchObject({
      trained,
      rawPixels,
      untrained,
      ...about,
      ...counts,
      neighbours: 3,
    });
    const line = await printed(knn, ...words);
    expect(line).toMatch(/^k-NN top-1: [\d.]+% \(raw pixels .* 3 classes, k 3 of 24\)$/);
    const many = await printed(knn, '--k', '99', '--json');
    expect(JSON.parse(many)).toMatchObject({ neighbours: 24 });
  });

  test('by a probe, each class, and the picture of confusions', async () => {
    const recipe = { ...probeRecipes.adamw, epochs: 3 };
    const results = await ofEach((own) => probeAccuracy({ ...own, key: key(5), recipe }));
    const words = ['--epochs', '3', '--seed', '5'];
    const json = JSON.parse(await printed(probe, ...words, '--json')) as object;
    expect(json).toMatchObject({
      trained: results.trained?.accuracy,
      rawPixels: results.rawPixels?.accuracy,
      untrained: results.untrained?.accuracy,
      ...about,
      ...counts,
      recipe,
      perClass: Object.fromEntries(
        [0, 1, 2].map((c) => [`class-${c}`, results.trained?.perClass[c]]),
      ),
    });
    const confusion = folder.path('confusion.png');
    const text = await printed(probe, ...words, '--per-class', '--confusion', confusion);
    const lines = text.split('\n');
    expect(lines[0]).toMatch(/^linear probe top-1: .* 3 classes, trained on 24\)$/);
    expect(lines.slice(1, 4).every((line) => /^ +[\d.]+% {2}class-[012]$/.test(line))).toBe(true);
    expect(lines[4]).toBe(`confusions: ${confusion}`);
    const short = await printed(probe, ...words);
    expect(short).toBe(lines[0]);
  });

  test('by few shots, as many as the smallest class allows', async () => {
    const words = ['--draws', '2', '--l2', '16', '--seed', '3'];
    const results = await ofEach((own) =>
      fewShotAccuracy({ ...own, key: key(3), draws: 2, l2: 16, shots: [1, 5] }),
    );
    const json = JSON.parse(await printed(fewshot, ...words, '--json')) as object;
    expect(json).toMatchObject({ ...results, ...about, ...counts, draws: 2, l2: 16 });
    const text = await printed(fewshot, ...words, '--shots', '2,8');
    expect(text.split('\n').map((line) => line.trim().split(' ')[0])).toEqual([
      'few-shot',
      'images',
      '2',
      '8',
    ]);
    await expect(printed(fewshot, ...words, '--shots', '2,9')).rejects.toThrow(
      '--shots 9: the smallest class has 8 images to learn from',
    );
  });
});
