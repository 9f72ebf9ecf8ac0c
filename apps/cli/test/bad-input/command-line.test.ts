import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, type NamedArray, type NamedArrays } from '@twocan/checkpoint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhotos, type Outcome, scratch, twocan } from '../cli.ts';
import { describeRows, expectFailure, type Rows, expectRefused as refused } from './rows.ts';

const folder = scratch();
afterAll(folder.remove);

const DATA = ['--data', 'shapes:8', '--batch', '2', '--backend', 'simd'];
const RUN = [...DATA, '--steps', '1', '--checkpoint-every', '0'];
const [run, photos, classifier] = ['run', 'photos', 'classifier'].map(folder.path) as [
  string,
  string,
  string,
];
const FINETUNE = ['finetune', '--data', photos, '--epochs', '1', '--backend', 'simd'];

beforeAll(async () => {
  await drawPhotos(photos, 2, 5);
  expect((await twocan(['pretrain', ...RUN, '--out', run])).code).toBe(0);
  const trained = await twocan([...FINETUNE, '--model', run, '--out', classifier]);
  expect(trained).toMatchObject({ code: 0 });
});

const expectRefused = (args: readonly string[], message: string | RegExp): Promise<void> =>
  refused([...DATA, ...args], message, folder.path('refused'));

/** Each line of arguments is refused with exactly this text, and the line that names the help. */
async function expectAnswers(answers: readonly (readonly [string, string])[]): Promise<void> {
  for (const [line, message] of answers) {
    const { code, stderr } = await twocan(['pretrain', ...line.split(' ')]);
    expect([line, code, stderr]).toEqual([
      ...[line, 2],
      `twocan: ${message}\nRun 'twocan pretrain --help' for the options.\n`,
    ]);
  }
}

const zeros = (...shape: number[]): NamedArray => ({
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

/** An encoder of timm of one block of 64, for images of 8 pixels. */
function foreign(): NamedArrays {
  const dense = (name: string, from: number, to: number): NamedArrays => ({
    [`${name}.weight`]: zeros(to, from),
    [`${name}.bias`]: zeros(to),
  });
  const norm = (name: string): NamedArrays => ({
    [`${name}.weight`]: zeros(64),
    [`${name}.bias`]: zeros(64),
  });
  return {
    cls_token: zeros(1, 1, 64),
    pos_embed: zeros(1, 5, 64),
    'patch_embed.proj.weight': zeros(64, 3, 4, 4),
    'patch_embed.proj.bias': zeros(64),
    ...norm('blocks.0.norm1'),
    ...dense('blocks.0.attn.qkv', 64, 192),
    ...dense('blocks.0.attn.proj', 64, 64),
    ...norm('blocks.0.norm2'),
    ...dense('blocks.0.mlp.fc1', 64, 128),
    ...dense('blocks.0.mlp.fc2', 128, 64),
    ...norm('norm'),
  };
}

async function expectModel(path: string, message: string | RegExp): Promise<void> {
  for (const command of ['embed', 'explain']) {
    const args = [command, '--model', path, '--data', photos, '--backend', 'simd'];
    const outcome = await twocan(args);
    expectFailure(outcome, 2, message);
    expectPlain(outcome);
  }
}

/** No name of a function, and no code of the operating system or of a decoder. */
function expectPlain({ stderr }: Outcome): void {
  expect(stderr).not.toMatch(/\b[a-z]+[A-Z]\w*: |ENOENT|EISDIR|Unexpected token|NaN|undefined/);
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(folder.path(name), content);
  return folder.path(name);
}

const ROWS: Rows = {
  'A dash that is missing, or a name in another spelling': () =>
    expectAnswers([
      ['-batch 8', 'unknown option -batch; did you mean --batch 8?'],
      ['-batch=8 --steps 2', 'unknown option -batch=8; did you mean --batch 8?'],
      ['--batch8', 'unknown option --batch8; did you mean --batch 8?'],
      ['--Batch 8', 'unknown option --Batch; did you mean --batch 8?'],
      ['--mask_ratio 0.5', 'unknown option --mask_ratio; did you mean --mask-ratio 0.5?'],
      ['--maskRatio 0.5', 'unknown option --maskRatio; did you mean --mask-ratio 0.5?'],
      ['--temp 0.2', 'unknown option --temp; did you mean --temperature?'],
      ['\u2013batch 8', 'unexpected word \u2013batch; did you mean --batch 8?'],
      ['batch 8', 'unexpected word batch; did you mean --batch 8?'],
      ['--constructor 8', 'unknown option --constructor'],
    ]),

  'An option without its value, or with one that it does not take': () =>
    expectAnswers([
      ['--batch', '--batch needs a value'],
      ['--batch= --steps 2', '--batch needs a value'],
      ['--batch --steps 2', '--batch needs a value, got the option --steps'],
      ['--resume=no', '--resume takes no value, got no; leave the option out to switch it off'],
    ]),

  'A value with spaces that is not in quotes': () =>
    expectAnswers([
      [
        '--data my photos --steps 2',
        'unexpected word photos after --data my; put a value with spaces in quotes: --data "my photos"',
      ],
    ]),

  'A number in another notation': () =>
    expectAnswers([
      [
        '--steps 1,000',
        '--steps must be a whole number of at least 1, got 1,000; write it like 1000 or 0.001',
      ],
      ['--lr 0,1', '--lr must be a number of at least 0, got 0,1; write it like 1000 or 0.001'],
      ['--lr 1e-3.', '--lr must be a number of at least 0, got 1e-3.'],
      ['--cache 1GB', '--cache must be a number of at least 0, got 1GB; write a number without GB'],
      [
        '--mask-ratio 50%',
        '--mask-ratio must be a number of at least 0 and below 1, got 50%; write 0.5',
      ],
      [
        '--steps 1e99',
        '--steps must be a whole number of at least 1 and at most 9007199254740991, got 1e99',
      ],
    ]),

  'A command that there is not': async () => {
    expectFailure(await twocan(['pretain']), 2, /unknown command pretain; did you mean pretrain\?/);
    expectFailure(await twocan(['Finetune']), 2, /did you mean finetune\?/);
    const first = await twocan(['--data', 'photos']);
    expectFailure(
      first,
      2,
      'the first word must be a command, got --data; for example: twocan pret',
    );
    expectFailure(await twocan(['--versoin']), 2, /did you mean --version\?/);
    expectFailure(await twocan(['']), 2, /the first word must be a command, and it is empty/);
  },

  'Settings that exclude each other': () =>
    expectRefused(
      ['--image-size', '33', '--sigma-max', '0'],
      /--image-size must be divisible by the patch of 8, got 33\n--sigma-max must be positive while/,
    ),

  'A file of settings that is no JSON': async () => {
    const wrong: Readonly<Record<string, string>> = {
      '{\n // often\n "steps": 2}': 'it has comments',
      '{"steps": 2, # often\n}': 'it has comments',
      '{"steps": 2,}': 'there is a comma before a closing bracket',
      "{'steps': 2}": 'need double quotes',
      '{steps: 2}': 'names need double quotes',
      '{"steps": 2': 'a bracket is not closed',
      '': 'is empty',
      '[1]': 'must hold an object of settings',
    };
    for (const [content, message] of Object.entries(wrong)) {
      const args = ['pretrain', '--config', file('wrong.json', content)];
      const outcome = await twocan(args);
      expectFailure(outcome, 2, new RegExp(`--config .*wrong.json.*${message}`));
      expectPlain(outcome);
    }
    const missing = await twocan(['pretrain', '--config', folder.path('none.json')]);
    expectFailure(missing, 2, /none.json cannot be read: there is no such file/);
    expectPlain(missing);
  },

  'A file of settings that is another file': async () => {
    const models = file('vit.json', '{"architectures": ["ViTModel"]}');
    for (const [path, message] of [
      [join(classifier, 'finetune.json'), "a classifier's finetune.json"],
      [join(run, 'environment.json'), "a run's environment.json"],
      [models, 'the config of a model of another program'],
    ] as const) {
      expectFailure(await twocan(['pretrain', '--config', path]), 2, message);
    }
  },

  'A file of settings that begins with a mark of its encoding': async () => {
    for (const [name, bytes] of [
      ['utf8.json', Buffer.from('\ufeff{"steps": 1}')],
      ['utf16.json', Buffer.from('\ufeff{"steps": 1}', 'utf16le')],
    ] as const) {
      const config = ['--config', file(name, bytes), '--checkpoint-every', '0'];
      const args = ['pretrain', ...DATA, ...config, '--out', folder.path(name.slice(0, -5))];
      expect(await twocan(args)).toMatchObject({ code: 0 });
    }
  },

  'A path that is no folder of images': async () => {
    const archive = file('photos.zip', 'PK');
    for (const [path, why] of [
      [archive, 'it is one file; unpack it first; give a folder'],
      [file('photos.tar.gz', ''), 'it is compressed; decompress it to a .tar first'],
      [file('cat.jpg', 'cat'), 'it is a file; give a folder'],
      ['https://example.com/cats', 'it is an address; download the images first'],
      ['~/photos', 'your shell did not replace the ~'],
      ['$HOME/photos', 'your shell did not replace $HOME'],
      [folder.path('phtos'), 'there is no such folder'],
    ] as const) {
      const args = ['embed', '--model', run, '--data', path, '--backend', 'simd'];
      const { code, stderr } = await twocan(args);
      expect([path, code, stderr]).toEqual([path, 2, expect.stringContaining(why)]);
      expect(stderr).not.toContain('shapes');
    }
  },

  'An image to search for that is none': async () => {
    for (const [path, why] of [
      [photos, 'is a folder; give one image'],
      [file('cat.jpg', 'cat'), 'cannot be read: the contents are no image that can be read'],
      [file('empty.png', ''), 'cannot be read: the file is empty'],
      ['/dev/zero', 'is no ordinary file'],
      [folder.path('phtos.jpg'), 'does not exist'],
    ] as const) {
      const args = ['search', '--model', run, '--data', photos, '--query', path];
      const outcome = await twocan([...args, '--backend', 'simd']);
      expectFailure(outcome, 2, `--query ${path} ${why}`);
      expectPlain(outcome);
    }
  },

  'A model of another program': async () => {
    const timm = { ...foreign(), 'blocks.0.mlp.w12.weight': zeros(2) };
    const path = file('timm.safetensors', encodeSafetensors(timm, { format: 'pt' }));
    await expectModel(path, /a gated perceptron \(SwiGLU\), which is not supported: blocks\.0/);
    const other = file('other.safetensors', encodeSafetensors({ weight: zeros(2) }));
    await expectModel(other, /are not the weights of a Vision Transformer.*\(weight\)/);
    expectFailure(await twocan(['inspect', other]), 2, /the weights of another program \(weight\)/);
    await expectModel(file('model.onnx', 'onnx'), /model\.onnx is no checkpoint of twocan/);
    await expectModel(join(run, 'config.json'), /config\.json is no checkpoint of twocan/);
  },

  'Weights that are pickled': async () => {
    const alone = folder.path('alone');
    mkdirSync(alone);
    const bin = join(alone, 'pytorch_model.bin');
    writeFileSync(bin, 'PK\u0003\u0004');
    const message =
      /pytorch_model\.bin is a pickled file[^\n]*\n {2}import torch.*\n {2}d = torch\.load\(".*pytorch_model\.bin".*\n {2}save_file\(.*'model\.safetensors'\)\n/;
    await expectModel(bin, message);
    await expectRefused(['--init', bin], message);
    const out = ['--out', folder.path('pickled')];
    const tuned = await twocan(['finetune', '--init', bin, '--data', photos, ...out]);
    expectFailure(tuned, 2, message);
    const exported = await twocan(['export', bin, '--to', 'timm', ...out]);
    expectFailure(exported, 2, message);
    expect(exported.stderr).toMatch('train on with --init model.safetensors, and give that run');
    expect(existsSync(folder.path('pickled'))).toBe(false);
    const embedded = await twocan(['embed', '--model', alone, '--data', photos]);
    expectFailure(embedded, 2, /alone holds pytorch_model\.bin, which is a pickled file/);
    // A path that is refused is refused before a backend starts.
    for (const { stderr } of [tuned, exported, embedded]) expect(stderr).not.toMatch(/^backend /m);
  },

  'Weights that do not fit, are cut off or hold integers': async () => {
    const init = (named: NamedArrays, cut = 0): string => {
      const bytes = encodeSafetensors(named);
      const at = folder.path(`init-${cut}-${Object.keys(named).length}`);
      mkdirSync(at, { recursive: true });
      writeFileSync(join(at, 'model.safetensors'), bytes.subarray(0, bytes.length - cut));
      return at;
    };
    const narrow = init({ ...foreign(), 'norm.weight': zeros(3) });
    await expectRefused(['--init', narrow], /norm\.weight is \[3\] in place of \[64\]/);
    const whole = foreign();
    const integers = { dtype: 'I8' as const, shape: [64], data: new Int8Array(64) };
    const quantised = init({ ...whole, 'norm.bias': integers, extra: zeros(1) });
    await expectRefused(['--init', quantised], /norm\.bias is I8, not floating point/);
    await expectRefused(['--init', init(whole, 5)], /or damaged: tensors need \d+ bytes/);
    await expectModel(init(whole, 5), /or damaged: tensors need \d+ bytes/);
  },

  'A model that is damaged, empty or not there': async () => {
    await expectModel(file('text.safetensors', 'a text and no model'), /damaged, or no checkpoint/);
    await expectModel(file('empty.safetensors', ''), /is an empty file/);
    const [name = ''] = readdirSync(join(run, 'checkpoints'));
    const cut = file('cut.safetensors', readFileSync(join(run, 'checkpoints', name)));
    truncateSync(cut, 3000);
    await expectModel(cut, /damaged, or no checkpoint/);
    const give = /holds no checkpoint; give .* or weights of timm or transformers/;
    await expectModel(photos, give);
    await expectRefused(['--init', photos], give);
    await expectModel(folder.path('nowhere'), /nowhere does not exist/);
  },

  'A classifier as the model': async () => {
    await expectModel(
      classifier,
      /is a classifier of twocan finetune; give what it began with, .*run/,
    );
  },

  'An export of what is no run': async () => {
    const out = folder.path('exported');
    const weights = file('foreign.safetensors', encodeSafetensors(foreign()));
    mkdirSync(folder.path('nothing'));
    for (const [model, why] of [
      [weights, /holds the weights of another program \(.*needs a checkpoint of twocan pretrain/],
      [file('export.pth', 'PK'), /export\.pth is a pickled file of PyTorch/],
      [folder.path('nothing'), /nothing holds no checkpoint; give the folder of a run/],
      [classifier, /is a classifier of twocan finetune; give what it began with/],
    ] as const) {
      const args = ['export', model, '--to', 'timm', '--out', out, '--backend', 'simd'];
      expectFailure(await twocan(args), 2, why);
      expect(existsSync(out)).toBe(false);
    }
  },

  'An export over other files': async () => {
    const before = readdirSync(photos).sort();
    const args = ['export', run, '--to', 'timm', '--backend', 'simd', '--out'];
    expectFailure(await twocan([...args, photos]), 2, /photos is not empty; give a folder/);
    expect(readdirSync(photos).sort()).toEqual(before);
    const thesis = file('thesis.txt', 'years of work');
    expectFailure(await twocan([...args, thesis]), 2, /a file is in its place/);
    expect(readFileSync(thesis, 'utf8')).toBe('years of work');
  },

  'An export in numbers that the other program does not read': async () => {
    const out = folder.path('exported');
    const args = ['export', run, '--to', 'timm', '--dtype', 'int8', '--out', out];
    const outcome = await twocan(args);
    expectFailure(outcome, 2, '--dtype int8 is not for --to timm; give one of fp32, fp16');
    expect(existsSync(out)).toBe(false);
  },

  'A folder that another command made': async () => {
    const overwritten = [...FINETUNE, '--model', run, '--out', run, '--overwrite'];
    expectFailure(await twocan(overwritten), 2, /holds a run of twocan pretrain/);
    expectFailure(
      await twocan(['finetune', '--resume', '--out', run]),
      2,
      /a run of twocan pretrain/,
    );
    const begun = ['pretrain', ...RUN, '--out', classifier];
    expectFailure(await twocan(begun), 2, /holds a classifier of twocan finetune/);
  },

  'Too few images to compare': async () => {
    const one = folder.path('one');
    await drawPhotos(one, 1, 1);
    const outcome = await twocan(['explain', '--model', run, '--data', one, '--backend', 'simd']);
    expectFailure(outcome, 2, /holds one image that can be read; explain compares images/);
    expectPlain(outcome);
  },

  'Fewer images than the usual batch of a classifier': async () => {
    const { code, stderr } = await twocan([...FINETUNE, '--model', run]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('8 images to learn from, batch 8')]);
    const asked = await twocan([...FINETUNE, '--model', run, '--batch', '64']);
    expectFailure(asked, 2, /--batch 64 is more than the 8 images/);
  },
};

describeRows('Command line', ROWS);

test('help of a command is found in the usual ways', async () => {
  const { stdout } = await twocan(['knn', '--help']);
  for (const args of [
    ['help', 'knn'],
    ['--help', 'knn'],
    ['knn', '-h'],
    ['knn', 'help'],
    ['knn', '--model', 'x', '--help'],
  ]) {
    expect(await twocan(args)).toMatchObject({ code: 0, stdout });
  }
  for (const args of [['-v'], ['version']]) {
    expect(await twocan(args)).toEqual(await twocan(['--version']));
  }
});

test('the cause of a refusal is printed for --debug alone', async () => {
  mkdirSync(folder.path('texts'), { recursive: true });
  file('texts/a.jpg', 'no image');
  const args = ['pretrain', '--backend', 'simd', '--data', folder.path('texts')];
  const plain = await twocan(args);
  expectFailure(plain, 2, /none of the 1 files in/);
  expectPlain(plain);
  const { stderr } = await twocan([...args, '--debug']);
  expect(stderr).toMatch(/^\s+at /m);
  expect(stderr).toMatch(/\[cause\]: Error: imageFolder: none of the 1 files in/);
});
