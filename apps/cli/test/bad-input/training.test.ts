import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@twocan/checkpoint';
import { afterAll, beforeAll, expect } from 'vitest';
import { drawPhotos, type Outcome, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, expectRefused } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const MACHINE = ['--backend', 'simd', '--threads', '1'];
const TINY = ['--data', 'shapes:8', '--batch', '2', '--steps', '6', ...MACHINE];
const [whole, photos] = [folder.path('whole'), folder.path('photos')];

const pretrain = (...args: readonly string[]): Promise<Outcome> => twocan(['pretrain', ...args]);
const refused = (args: readonly string[], message: RegExp): Promise<void> =>
  expectRefused(args, message, folder.path('refused'));

const checkpointsOf = (run: string): string[] => {
  const checkpoints = join(run, 'checkpoints');
  return existsSync(checkpoints) ? readdirSync(checkpoints).sort() : [];
};

/** A run whose newest checkpoint has another number in the middle of one of its tensors. */
async function spoiled(name: string, tensor: RegExp, value: number): Promise<string> {
  const out = folder.path(name);
  mkdirSync(join(out, 'checkpoints'), { recursive: true });
  copyFileSync(join(whole, 'config.json'), join(out, 'config.json'));
  const [newest = ''] = checkpointsOf(whole).reverse();
  const bytes = readFileSync(join(whole, 'checkpoints', newest));
  const { tensors, metadata } = decodeSafetensors(bytes);
  for (const [path, { data }] of Object.entries(tensors)) {
    if (tensor.test(path) && data instanceof Float32Array) data.fill(value);
  }
  writeFileSync(join(out, 'checkpoints', newest), encodeSafetensors(tensors, metadata));
  return out;
}

/** Every number of every checkpoint is finite. */
function expectFinite(run: string): void {
  for (const name of checkpointsOf(run)) {
    const { tensors } = decodeSafetensors(readFileSync(join(run, 'checkpoints', name)));
    for (const { data } of Object.values(tensors)) {
      if (data instanceof Float32Array) expect(data.every(Number.isFinite)).toBe(true);
    }
  }
}

beforeAll(async () => {
  await drawPhotos(photos, 2, 6);
  expect((await pretrain(...TINY, '--checkpoint-every', '3', '--out', whole)).code).toBe(0);
});

describeRows('Training', {
  'Weights that explode at the step of a checkpoint': async () => {
    for (const [lr, every] of [
      ['1e10', '1'],
      ['1e20', '2'],
      ['1e30', '1'],
    ] as const) {
      const out = folder.path(`at-${lr}`);
      const args = [...TINY, '--lr', lr, '--checkpoint-every', every, '--out', out];
      const outcome = await pretrain(...args);
      expectFailure(
        outcome,
        3,
        /exploded after step \d+: .*\n.*\n {2}start anew with a lower --lr .*, or with --clip 1/,
      );
      expect(outcome.stderr).not.toContain('train must be');
      expectFinite(out);
    }
  },

  'A resumed run that explodes again': async () => {
    const out = folder.path('at-1e20');
    expectFailure(
      await pretrain('--resume', '--out', out),
      3,
      /exploded after step .*\n.*\n.*--lr/,
    );
    expectFinite(out);
  },

  'Numbers that are not finite before anything was trained': async () => {
    // Noise overflows in the first loss, weights in the squares of the first gradients.
    for (const [flag, value] of [
      ['sigma-max', '1e30'],
      ['weights', '1e30,1e30,1e30'],
    ] as const) {
      const out = folder.path(`before-${flag}`);
      const outcome = await pretrain(...TINY, `--${flag}`, value, '--out', out);
      const message = `exploded after step 0: .*\n.*\n.*--${flag} nearer to`;
      expectFailure(outcome, 3, new RegExp(message));
      expect(outcome.stderr).not.toContain('--lr');
    }
  },

  'Moments of the optimizer that are not finite': async () => {
    const out = await spoiled('spoiled-moments', /^optimizer.*kernel/, Number.POSITIVE_INFINITY);
    const outcome = await pretrain('--resume', '--out', out);
    expectFailure(
      outcome,
      3,
      /checkpoint-00000006.* exploded: optimizer\/.* holds NaN or infinity/,
    );
  },

  'A model with weights that are not finite': async () => {
    const model = await spoiled('spoiled-weights', /encoder.*kernel/, Number.NaN);
    for (const command of ['embed', 'knn', 'finetune', 'explain']) {
      const outcome = await twocan([command, '--model', model, '--data', photos]);
      expectFailure(outcome, 2, /--model .*: params\/encoder\/.* holds NaN or infinity/);
    }
    expectFailure(await pretrain('--resume', '--out', model), 3, /holds NaN or infinity/);
  },

  'A model whose features are not finite': async () => {
    const model = await spoiled('huge-weights', /encoder.*kernel/, 1e38);
    for (const command of ['embed', 'knn', 'probe']) {
      const out = command === 'embed' ? ['--out', folder.path('huge.npy')] : [];
      const outcome = await twocan([command, '--model', model, '--data', photos, ...out]);
      expectFailure(outcome, 3, /the features of class-0.0\.png are not finite/);
    }
    expect(existsSync(folder.path('huge.npy'))).toBe(false);
  },

  'A fine-tuning that explodes': async () => {
    const out = folder.path('exploded-classifier');
    const flags = ['--data', photos, '--batch', '4', '--epochs', '4', '--lr', '1e30', '--out', out];
    const outcome = await twocan(['finetune', '--model', whole, ...flags]);
    expectFailure(
      outcome,
      3,
      /exploded after step [1-9]\d*: .*\n.*\n.*lower --lr \(it was 1e\+30\)/,
    );
    expectFinite(out);
    const decay = ['--data', photos, '--batch', '4', '--epochs', '4', '--weight-decay', '1e30'];
    expectFailure(
      await twocan(['finetune', '--model', whole, ...decay]),
      3,
      /train anew with a lower --weight-decay \(it was 1e\+30; /,
    );
  },

  'A contrast without other images': async () => {
    for (const method of ['simclr', 'can', 'contrastive-masked']) {
      const one = ['--data', 'shapes:8', '--batch', '1', '--method', method];
      await refused(one, /--batch 1: the contrastive loss tells an image from/);
    }
    await refused(['--data', 'shapes:1', '--steps', '1'], /the data have one image/);
  },

  'A run that can learn nothing': async () => {
    await refused([...TINY, '--lr', '0'], /--lr 0: no weight would change/);
    await refused([...TINY, '--lr', '1e-30'], /--lr 1e-30: no weight would change/);
    await refused([...TINY, '--weights', '0,0,0'], /must not all be 0/);
    await refused([...TINY, '--weights', '1e-20,0,0'], /--weights 1e-20,0,0: all are so small/);
    await refused(
      [...TINY, '--temperature', '1e30'],
      /--temperature 1e\+30: the contrastive loss would/,
    );
    await refused([...TINY, '--sigma-max', '1e-20'], /--sigma-max 1e-20: there would be no noise/);
    await refused([...TINY, '--mask-ratio', '1e-12'], /must hide patches/);
    await refused([...TINY, '--mask-ratio', '0.99999'], /must leave a visible patch/);
    await refused([...TINY, '--warmup-epochs', '9'], /--warmup-epochs must be at most 1.5, the ep/);
    const finetune = ['finetune', '--model', whole, '--data', photos, '--batch', '4'];
    expectFailure(await twocan([...finetune, '--lr', '0']), 2, /--lr 0: no weight would change/);
    const probe = ['probe', '--model', whole, '--data', photos, '--lr', '0'];
    expectFailure(await twocan(probe), 2, /--lr must be a number above 0/);
  },

  'An option of a part that the run does without': async () => {
    const mae = [...TINY, '--method', 'mae'];
    await refused(
      [...mae, '--temperature', '0.2', '--head', 'large'],
      /--temperature has.*\n--head has/,
    );
    await refused([...mae, '--noise-embed', 'none'], /--noise-embed has no effect here/);
    await refused([...mae, '--noise-scale', '20'], /--noise-scale has no effect here/);
    await refused(
      [...mae, '--noise-from', 'encoder', '--noise-target', 'unit', '--balance', 'gradients'],
      /--noise-from has no effect here[\s\S]*--noise-target has no effect here[\s\S]*--balance has no effect here: the loss has one term/,
    );
    await refused(
      [...TINY, '--sigma-unit', 'unit', '--balance', 'gradients', '--share-every', '2'],
      /--sigma-unit has no effect without --sigma-max[\s\S]*--share-every has no effect with --balance/,
    );
    await refused([...TINY, '--noise-levels', 'log-uniform'], /--sigma-min must be positive/);
    await refused([...TINY, '--noise-embed', 'none', '--noise-scale', '2'], /--noise-scale has/);
    await refused(
      [...TINY, '--method', 'simclr', '--pixels', 'raw'],
      /--pixels has no effect here/,
    );
    const finetune = ['finetune', '--model', whole, '--data', photos, '--batch', '4'];
    expectFailure(
      await twocan([...finetune, '--overwrite']),
      2,
      /--overwrite has no effect without/,
    );
    const warm = [...finetune, '--epochs', '2', '--warmup-epochs', '3'];
    expectFailure(await twocan(warm), 2, /--warmup-epochs 3 is longer than the 2 epochs/);
    const search = [
      'search',
      '--model',
      whole,
      '--data',
      photos,
      '--duplicates',
      '1',
      '--top',
      '3',
    ];
    expectFailure(await twocan(search), 2, /--top has no effect on --duplicates without --out/);
    const setup = ['setup', 'node', '--check', '--classic'];
    expectFailure(await twocan(setup), 2, /--check only compares; leave out/);
  },

  'A batch that cannot be computed in parts': async () => {
    const four = ['--data', 'shapes:8', '--batch', '4', '--steps', '1', ...MACHINE];
    const parts = [...four, '--micro-batch'];
    await refused([...parts, '3'], /--micro-batch 3 must divide the batch of 4 images/);
    await refused([...parts, '8'], /--micro-batch 8 must divide the batch of 4 images/);
    await refused([...parts, '4'], /--micro-batch 4 has no effect: it is the whole batch/);
    await refused([...parts, '2', '--accumulate', '2'], /--accumulate and --micro-batch exclude/);
    await refused(
      [...parts, '2', '--head', 'large'],
      /--micro-batch 2: the batch norm of the large/,
    );
    const ablate = ['ablate', '--data', photos, '--micro-batch', '2'];
    expectFailure(await twocan(ablate), 2, /unknown option --micro-batch/);
  },

  'An option that is given twice': async () => {
    await refused([...TINY, '--steps', '7'], /--steps is given twice; give it once/);
    await refused([...TINY, '--seed=1', '--seed', '2'], /--seed is given twice/);
    const twice = ['knn', '--model', whole, '--model', whole, '--data', photos];
    expectFailure(await twocan(twice), 2, /--model is given twice/);
    expectFailure(await pretrain('--resume', '--resume', '--out', whole), 2, /--resume is given/);
  },

  'An option that changes nothing on this machine': async () => {
    const out = folder.path('remarks');
    const flags = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--backend', 'wasm'];
    const given = ['--threads', '2', '--cache', '9', '--checkpoint-every', '5', '--ema', '0.9'];
    const { code, stderr } = await pretrain(...flags, ...given, '--out', out);
    expect(code).toBe(0);
    for (const flag of given.filter((word) => word.startsWith('--'))) {
      expect(stderr).toMatch(
        new RegExp(
          `^${flag} .*(no effect|more than the 1 steps|changes nothing|90% .* initial weights)`,
          'm',
        ),
      );
    }
    const again = await pretrain('--resume', '--out', out, '--backend', 'auto');
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining('--backend auto has no effect: the run goes on with wasm'),
    ]);
  },

  'Patches with more values than a token': async () => {
    const flags = ['--data', 'shapes:8', '--batch', '2', '--steps', '1', '--backend', 'cpu'];
    const words = [...flags, '--checkpoint-every', '0', '--out', folder.path('narrow')];
    const { code, stderr } = await pretrain(...words);
    expect(code).toBe(0);
    const notes = stderr.split('\n').filter((line) => /has \d+ values/.test(line));
    expect(notes).toEqual([
      'a patch of 8 px has 192 values, and a token 64 at its narrowest: the denoising loss can hardly fall below 67% of what predicting no noise costs; take --patch 4, or --preset micro32p4, mini32, tiny32, small32',
    ]);
  },

  'Fine-tuning at another image size': async () => {
    const out = folder.path('at-64');
    const args = ['finetune', '--model', whole, '--data', photos, '--batch', '4', '--epochs', '1'];
    const run = await twocan([...args, '--image-size', '64', '--out', out]);
    expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
    const plan = JSON.parse(readFileSync(join(out, 'finetune.json'), 'utf8'));
    expect(plan.encoder).toMatchObject({ image: { height: 64, width: 64 }, patch: 8 });
    expectFailure(
      await twocan([...args, '--image-size', '36']),
      2,
      /--image-size must be divisible by the patch of --model, 8, got 36/,
    );
  },
});
