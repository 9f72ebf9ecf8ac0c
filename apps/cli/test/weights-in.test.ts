import '@tensorflow/tfjs-backend-cpu';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setBackend } from '@tensorflow/tfjs-core';
import { resolveCanConfig } from '@twocan/can';
import {
  decodeSafetensors,
  encodeCheckpoint,
  importWeights,
  namedToTree,
} from '@twocan/checkpoint';
import { filesAt } from '@twocan/checkpoint/node';
import { key } from '@twocan/core';
import { expectClose, loadGolden } from '@twocan/testkit';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embed, finetune, pretrain } from '../src/index.ts';
import { drawPhotos, scratch, twocan } from './cli.ts';

const folder = scratch();
afterAll(folder.remove);
const photos = folder.path('photos');
const golden = loadGolden('foreign');
const weights = (name: string): string =>
  fileURLToPath(new URL(`../../../goldens/foreign/${name}`, import.meta.url));
const timm = weights('timm');
const ONE = ['--backend', 'simd', '--threads', '1'];

beforeAll(() => drawPhotos(photos, 2, 8));

/** Runs the program, which must succeed. */
async function done(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await twocan(args);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
  return { stdout, stderr };
}

const tensorsOf = (run: string, step: string) =>
  decodeSafetensors(readFileSync(join(run, 'checkpoints', `checkpoint-${step}.safetensors`)))
    .tensors;

describe('embed, search, knn and probe', () => {
  test('give what transformers computes of a picture, prepared as the folder says', async () => {
    const [height = 0, width = 0] = golden.shape('vit/picture');
    const picture = Uint8Array.from(golden.values('vit/picture'));
    const one = folder.path('one');
    mkdirSync(one);
    const raw = { width, height, channels: 3 } as const;
    await sharp(picture, { raw }).png().toFile(join(one, 'picture.png'));
    const out = folder.path('features.jsonl');
    const args = ['embed', '--model', weights('vit'), '--data', one, '--out', out, ...ONE];
    const { stderr } = await done(args);
    expect(stderr).toMatch('weights in the names of transformers, 2 blocks of 16, 2 heads');
    expect(stderr).toMatch('2 tensors are left out');
    const { features } = JSON.parse(readFileSync(out, 'utf8'));
    const tokens = golden.values('vit/picture/tokens');
    const wanted = Array.from({ length: 16 }, (_, d) => {
      const column = Array.from({ length: 16 }, (_, patch) => tokens[(patch + 1) * 16 + d] ?? 0);
      return column.reduce((a, b) => a + b, 0) / 16;
    });
    // Their processor rounds pixels to 8 bits, twice.
    expectClose(features, wanted, { rtol: 0, atol: 0.01 });
  });

  test('take a folder or a file, and keep an index of it', async () => {
    const index = folder.path('photos.index');
    const query = ['--query', join(photos, 'class-0', '1.png')];
    const args = ['search', '--model', timm, '--data', photos, ...query, '--index', index, ...ONE];
    const { stdout } = await done(args);
    expect(stdout).toMatch(/^1\.0000 {2}class-0\/1\.png/);
    expect((await done(args)).stdout).toBe(stdout);
    const other = await twocan(args.map((word) => (word === timm ? weights('vit') : word)));
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('another model')]);
    const labelled = ['--data', photos, '--json', ...ONE];
    const folderKnn = await done(['knn', '--model', weights('mae'), ...labelled]);
    const file = join(weights('mae'), 'model.safetensors');
    const fileKnn = await done(['knn', '--model', file, ...labelled]);
    const { checkpoint: _, ...scores } = JSON.parse(folderKnn.stdout);
    const { checkpoint, ...same } = JSON.parse(fileKnn.stdout);
    expect(same).toEqual(scores);
    expect(checkpoint).toBe(file);
    await done(['probe', '--model', timm, ...labelled, '--epochs', '2']);
  });
});

describe('finetune --init', () => {
  const recipe = ['--epochs', '2', '--batch', '4', '--seed', '3', '--data', photos, ...ONE];
  const last = '00000006';

  test('has the bits of a fine-tuning from our own checkpoint of the same weights', async () => {
    const { params, encoder, images, decoder } = await importWeights(filesAt(timm));
    expect(decoder).toBeUndefined();
    await setBackend('cpu');
    const model = resolveCanConfig({ method: 'mae', encoder });
    const config = JSON.parse(JSON.stringify({ model, normalization: images }));
    const own = folder.path('own.safetensors');
    const state = { step: 0, params: namedToTree(params), key: key(0), config };
    writeFileSync(own, await encodeCheckpoint(state));
    const [ours, theirs] = [folder.path('ours'), folder.path('theirs')];
    await done(['finetune', '--model', own, ...recipe, '--out', ours]);
    const { stderr } = await done(['finetune', '--init', timm, ...recipe, '--out', theirs]);
    expect(stderr).toMatch('head.bias, head.weight');
    expect(tensorsOf(theirs, last)).toEqual(tensorsOf(ours, last));
    expect(Object.keys(tensorsOf(theirs, last))).toContain('params/encoder/positions');
  });

  test('resamples positions for another image size', async () => {
    const out = folder.path('larger');
    await done(['finetune', '--init', timm, ...recipe, '--image-size', '24', '--out', out]);
    expect(tensorsOf(out, last)['params/encoder/positions']?.shape).toEqual([1, 36, 16]);
  });
});

describe('in code', () => {
  test('the same functions take weights of other programs', async () => {
    const messages: string[] = [];
    const onMessage = (line: string) => messages.push(line);
    const of = { data: photos, backend: 'cpu', onMessage } as const;
    const { width, features } = await embed({ ...of, model: timm });
    expect([width, features.length]).toEqual([16, 16 * 16]);
    expect(messages.join('\n')).toMatch('weights in the names of timm');
    const out = folder.path('from-code');
    const short = { steps: 1, batch: 4, method: 'mae' } as const;
    const { config } = await pretrain({ ...of, ...short, init: weights('vit-mae'), out });
    expect([config.preset, config.init?.from]).toEqual(['weights', weights('vit-mae')]);
    const result = await finetune({ ...of, init: out, epochs: 1, batch: 4 });
    expect(result?.steps).toBe(3);
    await expect(pretrain({ ...of, init: 'x.bin' })).rejects.toThrow(/^pretrain: init x\.bin/);
  });
});

describe('pretrain --init', () => {
  const short = ['--data', 'shapes:8', '--batch', '4', '--checkpoint-every', '1', ...ONE];
  const whole = folder.path('whole');

  test('continues a masked autoencoder with all of its parts', async () => {
    const [mae, out] = [weights('vit-mae'), folder.path('continued')];
    // A rate that changes next to nothing leaves the weights that it began with.
    const still = ['--steps', '1', '--lr', '1e-9', '--method', 'mae'];
    const { stderr } = await done(['pretrain', '--init', mae, ...short, ...still, '--out', out]);
    expect(stderr).toMatch(`begins with encoder, decoder of ${mae}\n`);
    const trained = tensorsOf(out, '00000001');
    const { params } = await importWeights(filesAt(mae));
    for (const [path, { data }] of Object.entries(params)) {
      expectClose(trained[`params/${path}`]?.data as Float32Array, data as Float32Array, {
        atol: 1e-6,
      });
    }
  });

  test('draws the parts that the weights do not have, and goes on when they are gone', async () => {
    const copy = folder.path('copy');
    cpSync(timm, copy, { recursive: true });
    const args = ['pretrain', '--init', copy, ...short, '--steps', '2', '--image-size', '24'];
    const parts = folder.path('parts');
    const { stdout, stderr } = await done([...args, '--out', whole]);
    expect(stderr).toMatch('begins with encoder of');
    expect(stderr).toMatch('drawn: decoder, projector, level');
    expect(stderr).toMatch('resampled from 4 x 4 to 6 x 6 patches');
    const config = JSON.parse(readFileSync(join(whole, 'config.json'), 'utf8'));
    expect(config.normalization).toEqual({
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      interpolation: 'bicubic',
    });
    expect(config.init.from).toBe(copy);
    // The encoder that it began with is no untrained one.
    expect(stdout).toMatch(/k-NN top-1: .* \(raw pixels [\d.]+%, as it began [\d.]+%; /);
    const signal = { when: /after step 1/, signal: 'SIGINT' } as const;
    const stopped = await twocan([...args, '--out', parts], signal);
    expect(stopped.code).toBe(130);
    renameSync(copy, folder.path('moved'));
    await done(['pretrain', '--resume', '--out', parts, '--threads', '1']);
    expect(tensorsOf(parts, '00000002')).toEqual(tensorsOf(whole, '00000002'));
  });

  test('takes such a run as a beginning, at another size than its own', async () => {
    const again = folder.path('again');
    const more = ['--steps', '1', '--image-size', '16'];
    await done(['pretrain', '--init', whole, ...short, ...more, '--out', again]);
    expect(tensorsOf(again, '00000001')['params/encoder/positions']?.shape).toEqual([1, 16, 16]);
  });
});
