import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PretrainEvent } from '@twocan/pretrain';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as api from '../src/index.ts';
import { drawPhotos, metricsOf, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const photos = folder.path('photos');
const out = folder.path('run');
const machine = { backend: 'simd', threads: 1 } as const;
const settings = { ...machine, data: photos, batch: 2, steps: 4, checkpointEvery: 2, seed: 3 };
const model = { ...machine, model: out, data: photos };
const events: string[] = [];
const printed: unknown[] = [];
let result: api.PretrainResult;

const nameOf = (event: PretrainEvent): string =>
  `${event.type} ${'step' in event ? event.step : event.state.step}`;

/** The numbers of a command. */
async function json(command: string, ...words: readonly string[]): Promise<unknown> {
  const always = ['--model', out, '--data', photos, '--backend', 'simd', '--threads', '1'];
  const { stdout } = await twocan([command, ...always, ...words, '--json']);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  await drawPhotos(photos, 2, 10);
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((line) => printed.push(line)),
    vi.spyOn(console, 'error').mockImplementation((line) => printed.push(line)),
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => printed.push(line) > 0),
  ];
  const onEvent = (event: PretrainEvent): unknown => events.push(nameOf(event));
  result = await api.pretrain({ ...settings, out, onEvent });
  for (const spy of spies) spy.mockRestore();
}, 120_000);

describe('pretrain', () => {
  test('leaves the run that the command leaves, and prints nothing', async () => {
    const own = folder.path('of-the-command');
    const words = Object.entries(settings).flatMap(([name, value]) => [
      `--${name === 'checkpointEvery' ? 'checkpoint-every' : name}`,
      String(value),
    ]);
    expect((await twocan(['pretrain', ...words, '--out', own])).code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(own));
    const read = (run: string, name: string) => JSON.parse(readFileSync(join(run, name), 'utf8'));
    expect(read(out, 'config.json')).toEqual(read(own, 'config.json'));
    expect(read(out, 'result.json')).toEqual(read(own, 'result.json'));
    expect(printed).toEqual([]);
    expect(result).toMatchObject({ run: out, finished: true, knn: read(own, 'result.json').knn });
  });

  test('tells its events', () => {
    const checkpoint = (step: number) => [`map ${step}`, `pictures ${step}`, `evaluation ${step}`];
    expect(events).toEqual([
      ...['begin 0', 'step 1', 'step 2', 'checkpoint 2', 'evaluation 0', ...checkpoint(2)],
      ...['step 3', 'step 4', 'checkpoint 4', ...checkpoint(4), 'done 4'],
    ]);
  });

  test('stops at a signal, and goes on', async () => {
    const stopped = folder.path('stopped');
    const stop = new AbortController();
    const lines: string[] = [];
    const cut = await api.pretrain({
      ...settings,
      out: stopped,
      signal: stop.signal,
      onMessage: (line) => lines.push(line),
      onEvent: ({ type }) => type === 'step' && stop.abort(),
    });
    expect(cut).toMatchObject({ run: stopped, finished: false });
    expect(cut).not.toHaveProperty('knn');
    expect(lines.join('\n')).toMatch(/^backend simd[\s\S]*can on 20 images of[\s\S]*step 1\/4/);
    const rest = await api.pretrain({ out: stopped, resume: true });
    expect(rest).toMatchObject({ finished: true, knn: result.knn });
    expect(metricsOf(stopped)).toEqual(metricsOf(out));
  });

  test.each([
    [{ maskRatio: 5, seeds: 1 }, /^pretrain: maskRatio must .*\nunknown setting seeds/],
    [{ steps: 2, epochs: 2 }, /^pretrain: epochs and steps exclude each other/],
    [{ data: '/nowhere' }, /^pretrain: data \/nowhere/],
    [
      { out },
      /^pretrain: out \S+ already holds a run; continue it with resume, replace it with overwr/,
    ],
    [{ data: photos, batch: 99, steps: 1 }, /^pretrain: batch 99 is more than the 20 images/],
    [{ data: '/no--steps/a--lr' }, /^pretrain: data \/no--steps\/a--lr/],
    [{ lr: Number.NaN }, /^pretrain: lr must be a number .*, got NaN$/],
    [{ lr: 10n }, /^pretrain: lr must be a number .*, got 10$/],
    [{ data: 5 }, /^pretrain: data must be text, got 5$/],
  ])('%o is refused in words of code', async (options, message) => {
    const asked = api.pretrain({ ...machine, ...options } as api.PretrainOptions);
    await expect(asked).rejects.toThrow(RangeError);
    await expect(asked).rejects.toThrow(message);
  });

  test.each([5, [], () => 1, Symbol('s'), 10n, null])(
    'what is no object is refused',
    async (no) => {
      const wrong = /: options must be an object of options, got /;
      await expect(api.pretrain(no as never)).rejects.toThrow(wrong);
      await expect(api.finetune(no as never)).rejects.toThrow(wrong);
      await expect(api.openRun(out, no as never)).rejects.toThrow(wrong);
    },
  );
});

describe('what a model is measured by', () => {
  test('is what the commands print', async () => {
    expect(await api.knn({ ...model, k: 3 })).toEqual(await json('knn', '--k', '3'));
    const epochs = { epochs: 2, seed: 1 };
    expect(await api.probe({ ...model, ...epochs })).toEqual(
      await json('probe', '--epochs', '2', '--seed', '1'),
    );
    expect(await api.fewShot({ ...model, shots: [1, 2], draws: 2 })).toEqual(
      await json('fewshot', '--shots', '1,2', '--draws', '2'),
    );
    expect(await api.explain({ ...model })).toEqual(await json('explain'));
  });

  test('fine-tunes, as the command does, and stops at a signal', async () => {
    const recipe = { epochs: 1, batch: 8, seed: 2 };
    expect(await api.finetune({ ...model, ...recipe })).toEqual(
      await json('finetune', '--epochs', '1', '--batch', '8', '--seed', '2'),
    );
    const signal = AbortSignal.abort();
    expect(await api.finetune({ ...model, ...recipe, signal })).toBeUndefined();
    await expect(api.finetune({ data: photos })).rejects.toThrow(
      'finetune: give one of model RUN, init DIR and preset NAME (from scratch)',
    );
  });

  test('opens, embeds, searches and draws', async () => {
    const run = await api.openRun(out, machine);
    expect([run.step, run.config.seed, run.metrics.length]).toEqual([4, 3, 7]);
    expect(Object.keys(run.params).sort()).toEqual(['decoder', 'encoder', 'level', 'projector']);
    run.dispose();
    const { names, features, width } = await api.embed(model);
    expect([names.length, features.length]).toEqual([20, 20 * width]);
    const query = join(photos, names[0] ?? '');
    const found = await api.search({ ...model, query, top: 2 });
    if (!('nearest' in found)) throw new Error('pairs were not asked for');
    expect(found.nearest[0]?.name).toBe(names[0]);
    expect(found.nearest[0]?.cosine).toBeCloseTo(1, 5);
    await expect(api.search(model)).rejects.toThrow('search: give one of query IMAGE and duplic');
    const rows = await api.reconstruct(model);
    expect(rows.map(({ id }) => id).slice(0, 3)).toEqual(['original', 'input', 'reconstruction']);
    await expect(api.openRun('/nowhere')).rejects.toThrow(
      /^openRun: model \/nowhere does not exist/,
    );
  });
});
