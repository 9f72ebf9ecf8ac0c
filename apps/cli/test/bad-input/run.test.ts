import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhotos, metricsOf, type Outcome, scratch, stepsOf, twocan } from '../cli.ts';
import { describeRows, expectFailure, type Rows, expectRefused as refused } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const DATA = ['--data', 'shapes:8', '--batch', '2'];
const SHORT = ['--steps', '6', '--checkpoint-every', '2'];
const RUN = [...DATA, ...SHORT];
const [whole, photos] = [folder.path('whole'), folder.path('photos')];
const FAILING_DISK = fileURLToPath(new URL('../failing-disk.mjs', import.meta.url));

/** Every file of a folder with the digest of its bytes. */
function contents(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const digest = (name: string): string =>
    createHash('sha256').update(readFileSync(name)).digest('hex');
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}

const pretrain = (...args: readonly string[]): Promise<Outcome> => twocan(['pretrain', ...args]);

const expectRefused = (args: readonly string[], message: string | RegExp): Promise<void> =>
  refused(args, message, folder.path('refused'));

beforeAll(async () => {
  await drawPhotos(photos, 2, 6);
  expect((await pretrain(...RUN, '--out', whole)).code).toBe(0);
});

const ROWS: Rows = {
  'A folder that does not exist': () =>
    expectRefused(['--data', folder.path('nowhere')], /--data .*nowhere is not a folder/),

  'An empty folder': async () => {
    mkdirSync(folder.path('empty'), { recursive: true });
    await expectRefused(
      ['--data', folder.path('empty')],
      /no pictures in .*empty; looked for .jpg/,
    );
  },

  'No image that decodes': async () => {
    mkdirSync(folder.path('noise'), { recursive: true });
    writeFileSync(folder.path('noise/a.png'), 'no picture');
    await expectRefused(
      ['--data', folder.path('noise')],
      /none of the 1 files in .*noise decodes; the first, a.png: /,
    );
  },

  'Some images that do not decode': async () => {
    const [data, out] = [folder.path('damaged'), folder.path('with-damaged')];
    await drawPhotos(data, 2, 4);
    writeFileSync(join(data, 'class-0/broken.jpg'), 'no picture');
    const { code, stderr } = await pretrain(...SHORT, '--batch', '2', '--data', data, '--out', out);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/left out 1 file: class-0.broken\.jpg \(cannot be decoded/),
    ]);
    const lines = readFileSync(join(out, 'skipped.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { name: 'class-0/broken.jpg', reason: expect.stringMatching(/the contents are no image/) },
    ]);
  },

  'Images smaller than the crop': async () => {
    const out = folder.path('enlarged');
    const flags = ['--data', photos, '--image-size', '64', '--patch', '16'];
    const { code, stderr } = await pretrain(...SHORT, '--batch', '2', ...flags, '--out', out);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/12 of 12 images are smaller than 64x64 and are enlarged/),
    ]);
    expect(stepsOf(out)).toHaveLength(6);
  },

  'A batch larger than the data': () =>
    expectRefused(['--data', photos, '--batch', '13'], /--batch 13 is more than the 12 images/),

  'An image size that the patch does not divide': () =>
    expectRefused([...RUN, '--image-size', '33'], /divisible by the patch of 8, got 33/),

  'An unknown option': () =>
    expectRefused([...RUN, '--stpes', '3'], /--stpes; did you mean --steps/),

  'A value out of range': () =>
    expectRefused(
      [
        ...[...DATA, '--steps', '0', '--lr', 'x', '--ema', '1', '--clip', '0', '--accumulate', '1'],
        ...['--micro-batch', '0'],
      ],
      new RegExp(
        [
          '--steps must be.*',
          '--accumulate must be a whole number of at least 2 and at most 1024, got 1',
          '--micro-batch must be a whole number of at least 1, got 0',
          '.*--lr must be.*',
          '--clip must be a number above 0, got 0',
          '--ema must be a number above 0 and below 1, got 1',
        ].join('\n.*'),
      ),
    ),

  'A number that no computation takes': async () => {
    for (const [flag, value, rule] of [
      ['lr', '1e31', 'at most 1e\\+30'],
      ['weight-decay', '1e308', 'at most 1e\\+30'],
      ['weights', '1e300,1,1', 'at most 1e\\+30'],
      ['temperature', '1e-40', 'from 1e-6'],
      ['sigma-max', '1e300', 'at most 1e\\+30'],
    ] as const) {
      await expectRefused([...RUN, `--${flag}`, value], new RegExp(`--${flag} must be .*${rule}`));
    }
    for (const [command, flag] of [
      ['probe', 'lr'],
      ['probe', 'weight-decay'],
      ['finetune', 'lr'],
    ] as const) {
      const given = ['--model', whole, '--data', photos, `--${flag}`, '1e31'];
      expectFailure(await twocan([command, ...given]), 2, /--.* must be a number .* at most 1/);
    }
  },

  'A run folder that is taken': async () => {
    const before = contents(whole);
    expectFailure(await pretrain(...RUN, '--out', whole), 2, /--resume.*--overwrite/);
    expect(contents(whole)).toEqual(before);
  },

  'A folder that is not a run': async () => {
    const precious = folder.path('precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'thesis.txt'), 'years of work');
    for (const flag of ['--overwrite', '--debug']) {
      expectFailureWithStack(await pretrain(...RUN, '--out', precious, flag), /holds no run/);
    }
    expect(readdirSync(precious)).toEqual(['thesis.txt']);
  },

  'A run that another process works on': async () => {
    const out = folder.path('shared');
    const first = pretrain(...DATA, '--steps', '60', '--checkpoint-every', '0', '--out', out);
    while (!existsSync(join(out, 'metrics.jsonl'))) {
      await new Promise((done) => setTimeout(done, 20));
    }
    expectFailure(await pretrain('--resume', '--out', out), 2, /in use by process \d+/);
    expect((await first).code).toBe(0);
    expect(stepsOf(out)).toHaveLength(60);
  },

  'Resuming with other settings': async () => {
    const before = contents(whole);
    const outcome = await pretrain('--resume', '--out', whole, '--batch', '4', '--seed', '3');
    expectFailure(outcome, 2, /batch: 2 in the run, 4 now\n[\s\S]*seed: 0 in the run, 3 now/);
    expect(contents(whole)).toEqual(before);
  },

  'Resuming what is not there': () =>
    pretrain('--resume', '--out', folder.path('never')).then((outcome) =>
      expectFailure(outcome, 2, /no config.json in .*never; start a run there first/),
    ),

  "A run's config that was edited": async () => {
    const out = await copyOfWhole('edited');
    const path = join(out, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as { readonly options: object };
    for (const [edited, message] of [
      [null, /config\.json is damaged: it holds no settings/],
      [{}, /was edited.*\n {2}data must be text.*\n {2}options must hold settings/],
      [{ ...config, data: 5 }, /\n {2}data must be text, got 5/],
      [
        { ...config, options: { ...config.options, batch: 'two' } },
        /options: batch must be .*"two"/,
      ],
      [{ ...config, options: { ...config.options, nonsense: 1 } }, /unknown setting nonsense/],
      [{ ...config, seed: 4 }, /seed: 4 in the run, 0 now/],
    ] as const) {
      writeFileSync(path, JSON.stringify(edited));
      const before = contents(out);
      expectFailure(await pretrain('--resume', '--out', out), 2, message);
      expect(contents(out)).toEqual(before);
    }
  },

  'A checkpoint of another run': async () => {
    const out = await copyOfWhole('foreign');
    const path = join(out, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as { readonly options: object };
    const differs = async (message: RegExp): Promise<void> => {
      const before = contents(out);
      const outcome = await pretrain('--resume', '--out', out);
      expectFailure(outcome, 2, /checkpoint-00000006.* is of another run than .*config\.json/);
      expect(outcome.stderr).toMatch(message);
      expect(contents(out)).toEqual(before);
    };
    const options = { ...config.options, seed: 9 };
    writeFileSync(path, JSON.stringify({ ...config, seed: 9, options }));
    await differs(/seed: 0 in the checkpoint, 9 in config\.json/);
    writeFileSync(path, JSON.stringify(config));
    const other = folder.path('other-method');
    expect((await pretrain(...RUN, '--method', 'mae', '--out', other)).code).toBe(0);
    const name = 'checkpoints/checkpoint-00000006.safetensors';
    writeFileSync(join(out, name), readFileSync(join(other, name)));
    await differs(/method: "mae" in the checkpoint, "can" in config\.json/);
  },

  'A run folder that may not be written': async () => {
    const out = await copyOfWhole('not-writable');
    const before = contents(out);
    const fault = { NODE_OPTIONS: `--import=${FAILING_DISK}`, TWOCAN_FAULT: 'EACCES:1:\\.twocan-' };
    expectFailure(
      await twocan(['pretrain', '--resume', '--out', out], undefined, fault),
      2,
      /--out .*not-writable cannot be written: permission is denied; make it writable/,
    );
    expect(contents(out)).toEqual(before);
  },

  'Damaged files beside the checkpoints': async () => {
    const out = await copyOfWhole('damaged-beside');
    rmSync(join(out, 'checkpoints/checkpoint-00000006.safetensors'));
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8');
    const none = ['{"step":1,"machine":null}', '{"step":"1","machine":{}}', '[]', 'null', '"'];
    const judged = '{"step":1,"machine":{},"evaluation":5}';
    writeFileSync(join(out, 'metrics.jsonl'), [...none, judged, lines].join('\n'));
    writeFileSync(join(out, 'map.json'), '[]');
    writeFileSync(join(out, 'environment.json'), 'no JSON');
    expect((await pretrain('--resume', '--out', out)).code).toBe(0);
    expect(metricsOf(out)).toEqual(metricsOf(whole));
    for (const map of ['', '{"points":[null]}']) {
      writeFileSync(join(out, 'map.json'), map);
      expect((await pretrain('--resume', '--out', out)).code).toBe(0);
    }
  },

  'A damaged newest checkpoint': async () => {
    const out = await copyOfWhole('damaged-newest');
    truncateSync(join(out, 'checkpoints/checkpoint-00000006.safetensors'), 1000);
    const { code, stderr } = await pretrain('--resume', '--out', out);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /checkpoint-00000006.safetensors is damaged and left out \(.+\); using checkpoint-00000004/,
    );
    expect(stderr).toContain('going on after step 4');
    expect(metricsOf(out)).toEqual(metricsOf(whole));
  },

  'No checkpoint that can be read': async () => {
    const out = await copyOfWhole('damaged-all');
    for (const name of readdirSync(join(out, 'checkpoints'))) {
      truncateSync(join(out, 'checkpoints', name), 1000);
    }
    const before = contents(join(out, 'checkpoints'));
    expectFailure(await pretrain('--resume', '--out', out), 1, /checkpoint/);
    expect(contents(join(out, 'checkpoints'))).toEqual(before);
  },

  'A foreign or hostile checkpoint': async () => {
    const path = folder.path('hostile.safetensors');
    const header = '{"a":{"dtype":"F32","shape":[9007199254740991],"data_offsets":[0,4]}}';
    const length = Buffer.alloc(8);
    for (const claimed of [BigInt(header.length), 2n ** 62n]) {
      length.writeBigUInt64LE(claimed);
      writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(4)]));
      const outcome = await twocan(['embed', '--model', path, '--data', photos]);
      expectFailure(outcome, 2, /hostile\.safetensors/);
    }
  },

  'A full disk while saving': () => expectSavedUpTo('ENOSPC', /ENOSPC.*\n.*step 2 is whole; free/),

  'A limit on the size of files': () =>
    expectSavedUpTo('EFBIG', /larger than is allowed here.*\n.*step 2 is whole; raise the limit/),

  'A folder that became read-only': () =>
    expectSavedUpTo('EROFS', /EROFS.*\n.*step 2 is whole; make the folder writable/),

  'An image that disappears while training': async () => {
    const [data, out] = [folder.path('vanishing'), folder.path('with-vanished')];
    await drawPhotos(data, 2, 4);
    const running = pretrain(
      ...['--data', data, '--batch', '2', '--cache', '0', '--steps', '40'],
      ...['--checkpoint-every', '0', '--out', out],
    );
    while (!existsSync(join(out, 'metrics.jsonl'))) {
      await new Promise((done) => setTimeout(done, 20));
    }
    rmSync(join(data, 'class-0/1.png'));
    const { code, stderr } = await running;
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('twocan:')]);
    expect(stepsOf(out)).toHaveLength(40);
    expect(readFileSync(join(out, 'skipped.jsonl'), 'utf8')).toMatch(
      /class-0\/1\.png","reason":"cannot be opened: ENOENT"/,
    );
  },

  'A loss that explodes': async () => {
    const out = folder.path('exploded');
    const outcome = await pretrain(...RUN, '--lr', '1e20', '--out', out);
    expectFailure(outcome, 3, /exploded after step \d+: .*\n.*is saved in .*\n.*lower --lr/);
    const [newest = ''] = readdirSync(join(out, 'checkpoints')).sort().reverse();
    const inspected = await twocan(['inspect', join(out, 'checkpoints', newest), '--json']);
    expect(inspected.code).toBe(0);
  },

  'A backend that is not set up': async () => {
    const out = folder.path('without-backend');
    const args = ['pretrain', ...RUN, '--backend', 'node-gpu', '--out', out];
    const outcome = await twocan(args);
    expectFailure(outcome, 2, /not set up here; set it up with `npx twocan setup node-gpu`/);
    expect(existsSync(out)).toBe(false);
  },
};

/** As {@link expectFailure}, where --debug may have asked for the stack. */
function expectFailureWithStack({ code, stderr }: Outcome, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
}

async function copyOfWhole(name: string): Promise<string> {
  const out = folder.path(name);
  // Runs with the same settings are the same, bit by bit.
  expect((await pretrain(...RUN, '--out', out)).code).toBe(0);
  return out;
}

/** The second checkpoint cannot be written: the first stays, and a resumed run ends as ever. */
async function expectSavedUpTo(code: string, message: RegExp): Promise<void> {
  const out = folder.path(`disk-${code}`);
  const outcome = await twocan(['pretrain', ...RUN, '--out', out], undefined, {
    NODE_OPTIONS: `--import=${FAILING_DISK}`,
    TWOCAN_FAULT: `${code}:2`,
  });
  expectFailure(outcome, 1, message);
  expect(outcome.stderr).toContain(`twocan pretrain --resume --out ${out}`);
  expect(readdirSync(join(out, 'checkpoints'))).toEqual(['checkpoint-00000002.safetensors']);
  expect((await pretrain('--resume', '--out', out)).code).toBe(0);
  expect(metricsOf(out)).toEqual(metricsOf(whole));
  expect(contents(join(out, 'checkpoints'))).toMatchObject(
    Object.fromEntries(
      Object.entries(contents(join(whole, 'checkpoints'))).map(([path, digest]) => [
        path.replace(whole, out),
        digest,
      ]),
    ),
  );
}

describeRows('Run', ROWS);

test('a stack is printed for --debug alone', async () => {
  const args = ['--data', folder.path('nowhere'), '--out', folder.path('x')];
  expect((await pretrain(...args)).stderr).not.toMatch(/^\s+at /m);
  expect((await pretrain(...args, '--debug')).stderr).toMatch(/^\s+at /m);
});
