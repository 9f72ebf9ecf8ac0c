import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { drawPhotos, metricsOf, type Outcome, scratch, twocan, twocanIn } from '../cli.ts';
import { describeRows, expectFailure, type Rows } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const SHORT = ['--batch', '2', '--threads', '1', '--steps', '4', '--checkpoint-every', '2'];
const [photos, whole] = [folder.path('photos'), folder.path('whole')];

beforeAll(async () => {
  await drawPhotos(photos, 2, 5);
  // Decoders end before what stands behind a picture's end: it can change without harm.
  for (const name of readdirSync(photos, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.png')) appendFileSync(join(photos, name), 'behind its end');
  }
  const args = ['pretrain', '--data', 'photos', ...SHORT, '--out', 'whole'];
  expect((await twocanIn(folder.path('.'), args)).code).toBe(0);
});

/** The run after its second step, on images that lie in a folder of their own. */
function begun(name: string): { readonly run: string; readonly images: string } {
  const [run, images] = [folder.path(name), folder.path(`${name}-images`)];
  cpSync(whole, run, { recursive: true });
  cpSync(photos, images, { recursive: true });
  rmSync(join(run, 'checkpoints/checkpoint-00000004.safetensors'));
  edit(join(run, 'config.json'), (text) => text.replaceAll(photos, images));
  return { run, images };
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

const resume = (run: string, ...more: string[]): Promise<Outcome> =>
  twocan(['pretrain', '--resume', '--out', run, ...more]);

async function expectWhole(run: string, { code, stderr }: Outcome): Promise<void> {
  expect([code, stderr]).toEqual([0, expect.stringContaining('going on after step 2')]);
  expect(metricsOf(run)).toEqual(metricsOf(whole));
}

/** Other bytes of the same number, under the same name and with the same times. */
function replaceUnseen(path: string): void {
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.with(bytes.length - 1, 0));
  utimesSync(path, atime, mtime);
}

/** Swaps two files with their times. */
function swap(one: string, other: string): void {
  renameSync(one, `${one}.tmp`);
  renameSync(other, one);
  renameSync(`${one}.tmp`, other);
}

const search = (...args: string[]): Promise<Outcome> =>
  twocan(['search', '--backend', 'cpu', '--model', whole, '--top', '1', ...args]);

const ROWS: Rows = {
  'Resuming from another working directory': async () => {
    const { run } = begun('elsewhere');
    const [cwd, out] = [folder.path('below/here'), '../../elsewhere'];
    mkdirSync(cwd, { recursive: true });
    await expectWhole(run, await twocanIn(cwd, ['pretrain', '--resume', '--out', out]));
  },

  'Images that have moved': async () => {
    const { run, images } = begun('moving');
    const moved = folder.path('a new place');
    renameSync(images, moved);
    expectFailure(await resume(run), 2, /no longer in .*moving-images; say where .* --data DIR/);
    await expectWhole(run, await resume(run, '--data', moved));
    expect((await resume(run)).stderr).toContain(moved);
  },

  'Images that were copied, with other times': async () => {
    const { run, images } = begun('copied');
    const copy = folder.path('copy');
    cpSync(images, copy, { recursive: true });
    utimesSync(join(copy, 'class-0/0.png'), 1, 1);
    await expectWhole(run, await resume(run, '--data', copy));
  },

  'Other images under the old names': async () => {
    const { run, images } = begun('swapped');
    swap(join(images, 'class-0/0.png'), join(images, 'class-1/3.png'));
    const message = /not those that the run began with: 2 changed \(the first: class-0\/0.png\)/;
    expectFailure(await resume(run), 2, message);
    swap(join(images, 'class-0/0.png'), join(images, 'class-1/3.png'));
    replaceUnseen(join(images, 'class-1/2.png'));
    expectFailure(await resume(run), 2, /1 changed \(the first: class-1\/2.png\)/);
  },

  'Images that came, went or were renamed': async () => {
    const { run, images } = begun('renamed');
    renameSync(join(images, 'class-1/3.png'), join(images, 'class-1/x.png'));
    const message =
      /1 added \(the first: class-1\/x.png\), 1 removed \(the first: class-1\/3.png\)/;
    expectFailure(await resume(run), 2, message);
    // The list of files is a help; without it the fingerprint still tells.
    rmSync(join(run, 'images.jsonl'));
    expectFailure(await resume(run), 2, /images\.sha256: /);
  },

  'A run of a version without fingerprints': async () => {
    const { run, images } = begun('old');
    rmSync(join(run, 'images.jsonl'));
    edit(join(run, 'config.json'), (text) => {
      const { images: _, ...config } = JSON.parse(text) as Record<string, object>;
      return JSON.stringify({ ...config, options: { ...config.options, data: 'old-images' } });
    });
    const cwd = folder.path('whole');
    const outcome = await twocanIn(cwd, ['pretrain', '--resume', '--out', run]);
    expect(outcome.stderr).toContain('kept no fingerprint of its images');
    await expectWhole(run, outcome);
    replaceUnseen(join(images, 'class-1/2.png'));
    expectFailure(await resume(run), 2, /1 changed/);
  },

  'A classifier whose images moved, or changed': async () => {
    const [images, out] = [folder.path('labelled'), folder.path('classifier')];
    cpSync(photos, images, { recursive: true });
    const recipe = ['--preset', 'micro32', '--epochs', '1', '--batch', '2'];
    const args = ['finetune', ...recipe, '--data', 'labelled', '--out', out, '--backend', 'simd'];
    expect((await twocanIn(folder.path('.'), args)).code).toBe(0);
    const again = ['finetune', '--resume', '--out', out];
    expect((await twocan(again)).code).toBe(0);
    renameSync(images, folder.path('labelled-moved'));
    expectFailure(await twocan(again), 2, /no longer in .*labelled; say where/);
    const there = ['--data', folder.path('labelled-moved')];
    expect((await twocan([...again, ...there])).code).toBe(0);
    swap(folder.path('labelled-moved/class-0/0.png'), folder.path('labelled-moved/class-0/1.png'));
    expectFailure(await twocan(again), 2, /2 changed/);
  },

  'A classifier whose pretrained checkpoint changed': async () => {
    const [model, out] = [folder.path('model.safetensors'), folder.path('from-model')];
    copyFileSync(join(whole, 'checkpoints/checkpoint-00000002.safetensors'), model);
    const args = ['--model', model, '--data', photos, '--epochs', '1', '--batch', '2'];
    expect((await twocan(['finetune', ...args, '--out', out])).code).toBe(0);
    // As after an interruption before the first epoch's end.
    rmSync(join(out, 'checkpoints'), { recursive: true });
    copyFileSync(join(whole, 'checkpoints/checkpoint-00000004.safetensors'), model);
    const again = ['finetune', '--resume', '--out', out];
    expectFailure(
      await twocan(again),
      2,
      /checkpoint that the classifier begins with.*has changed/,
    );
    rmSync(model);
    expectFailure(await twocan(again), 2, /is gone/);
  },

  'An ablation goes on with other images': async () => {
    const [images, out] = [folder.path('ablated'), folder.path('ablation')];
    cpSync(photos, images, { recursive: true });
    const grid = ['--grid', 'mask-ratio', '--seeds', '1', '--budget', 'steps'];
    const args = ['ablate', ...grid, '--data', images, ...SHORT.slice(0, 4), '--steps', '1'];
    const begin = twocan([...args, '--out', out], { when: /run 2 of/, signal: 'SIGINT' });
    expect((await begin).code).toBe(130);
    replaceUnseen(join(images, 'class-0/1.png'));
    expectFailure(await twocan([...args, '--out', out]), 2, /other settings.*\n.*images\.sha256/);
  },

  'An index of a folder whose pictures changed': async () => {
    const [images, index] = [folder.path('indexed'), folder.path('photos.index')];
    cpSync(photos, images, { recursive: true });
    const given = ['--data', images, '--query', join(photos, 'class-1/3.png')];
    const kept = [...given, '--index', index];
    expect((await search(...kept)).stdout).toMatch(/class-1\/3\.png/);
    copyFileSync(join(images, 'class-1/3.png'), join(images, 'class-0/0.png'));
    rmSync(join(images, 'class-1/3.png'));
    const changed = await search(...kept);
    expect(changed.stderr).toMatch(/1 removed \(the first: class-1\/3.png\)/);
    expect(changed.stdout).toBe('1.0000  class-0/0.png\n');
    await drawPhotos(folder.path('others'), 1, 9);
    copyFileSync(folder.path('others/class-0/8.png'), join(images, 'class-0/0.png'));
    const anew = await search(...kept);
    expect(anew.stderr).toMatch(/1 changed \(the first: class-0\/0.png\); 1 of 9 images/);
    expect(anew.stdout).toBe((await search(...given)).stdout);
    // Moved as a whole, nothing has changed.
    renameSync(images, folder.path('indexed-moved'));
    const moved = ['--data', folder.path('indexed-moved'), ...kept.slice(2)];
    expect((await search(...moved)).stderr).not.toContain('--index');
  },

  'An index of another model, or of other images': async () => {
    const index = folder.path('whole.index');
    const query = ['--query', join(photos, 'class-1/3.png'), '--index', index];
    expect((await search('--data', photos, ...query)).code).toBe(0);
    const earlier = join(whole, 'checkpoints/checkpoint-00000002.safetensors');
    const other = ['search', '--backend', 'cpu', '--model', earlier, '--data', photos, ...query];
    expectFailure(await twocan(other), 2, /was made with another model, or another checkpoint/);
    const foreign = folder.path('foreign');
    mkdirSync(foreign);
    copyFileSync(folder.path('others/class-0/8.png'), join(foreign, 'new.png'));
    expectFailure(await search('--data', foreign, ...query), 2, /is of other images: it has none/);
  },
};

describeRows('Moved and changed', ROWS);
